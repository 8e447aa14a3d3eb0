"""An account of the server, and its clients."""

from functools import cached_property

import boto3
from answers import check, note
from botocore.config import Config


class Account:
    """The clients of one account. Every successful JSON answer that they get is checked against botocore's model."""

    def __init__(self, endpoint_url, id, access_key, secret_key):
        self.endpoint_url, self.id, self.access_key, self.secret_key = endpoint_url, id, access_key, secret_key
        self.answers = []  # what this account's clients were answered, oldest first

    def client(self, service, config=None, **settings):
        """A new client that tries once; `settings` replace those of boto3.client, such as the keys."""
        settings = {
            "endpoint_url": self.endpoint_url,
            "region_name": "us-east-1",
            "aws_access_key_id": self.access_key,
            "aws_secret_access_key": self.secret_key,
            **settings,
        }
        once = Config(retries={"total_max_attempts": 1})
        client = boto3.client(service, config=once.merge(config) if config else once, **settings)
        client.meta.events.register("after-call", self._answered)
        return client

    def _answered(self, http_response, parsed, model, **_):
        note(model, http_response, parsed)
        answer = check(model, http_response)
        if answer:
            self.answers.append(answer)

    @cached_property
    def s3(self):
        return self.client("s3")

    @cached_property
    def sagemaker(self):
        return self.client("sagemaker")

    @cached_property
    def runtime(self):
        return self.client("sagemaker-runtime")

    @cached_property
    def sts(self):
        return self.client("sts")
