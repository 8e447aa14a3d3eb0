"""Models, endpoint configs and endpoints to test with."""

from checks import fresh, waited
from stumps import artifact

ROLE = "arn:aws:iam::123456789012:role/SageMakerRole"
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"
BUSY = ("Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting")


class Hosting:
    """Fresh resources in one bucket of one account."""

    def __init__(self, account, bucket):
        self.sagemaker, self.runtime, self.s3, self.bucket = account.sagemaker, account.runtime, account.s3, bucket

    def put(self, key, content):
        """Puts a model, packed, at `key`."""
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=artifact(content))

    def single(self, content, **container):
        """A model of one artifact."""
        name = fresh("model")
        self.put(f"{name}/model.tar.gz", content)
        url = f"s3://{self.bucket}/{name}/model.tar.gz"
        return self.model(name, {"Image": IMAGE, "ModelDataUrl": url, **container})

    def multi(self, prefix, cache="Enabled", **container):
        """A model of whatever is below a prefix."""
        container = {
            "Image": IMAGE,
            "Mode": "MultiModel",
            "ModelDataUrl": f"s3://{self.bucket}/{prefix}",
            "MultiModelConfig": {"ModelCacheSetting": cache},
            **container,
        }
        return self.model(fresh("model"), container)

    def model(self, name, container):
        self.sagemaker.create_model(ModelName=name, PrimaryContainer=container, ExecutionRoleArn=ROLE)
        return name

    def config(self, *variants, **settings):
        """An endpoint config; a model's name is the variant AllTraffic on one instance."""
        name = fresh("config")
        variants = [variant(model) if isinstance(model, str) else model for model in variants]
        self.sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=variants, **settings)
        return name

    def endpoint(self, config, **settings):
        """An endpoint in service."""
        name = fresh("endpoint")
        self.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config, **settings)
        described = self.settled(name)
        assert described["EndpointStatus"] == "InService", described
        return name

    def serving(self, *variants):
        """An endpoint in service that serves these."""
        return self.endpoint(self.config(*variants))

    def update(self, endpoint, config, **settings):
        self.sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName=config, **settings)
        return self.settled(endpoint)

    def settled(self, endpoint):
        """What is described once nothing is under way."""
        return waited(
            lambda: self.sagemaker.describe_endpoint(EndpointName=endpoint),
            lambda described: described["EndpointStatus"] not in BUSY,
        )

    def invoke(self, endpoint, body, target=None, **headers):
        """What the endpoint answers to CSV, in CSV."""
        request = {"ContentType": "text/csv", "Accept": "text/csv", **headers}
        if target:
            request["TargetModel"] = target
        answer = self.runtime.invoke_endpoint(EndpointName=endpoint, Body=body, **request)
        return answer["Body"].read().decode()


def variant(model, name="AllTraffic", count=1, weight=1.0, **settings):
    return {
        "VariantName": name,
        "ModelName": model,
        "InitialInstanceCount": count,
        "InstanceType": "ml.m5.large",
        "InitialVariantWeight": weight,
        **settings,
    }
