//! Which operations there are. Every other one answers `NotImplemented`.

use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, CompleteMultipartUploadInput, CompleteMultipartUploadOutput,
    CopyObjectInput, CopyObjectOutput, CreateBucketInput, CreateBucketOutput, CreateMultipartUploadInput,
    CreateMultipartUploadOutput, DeleteBucketInput, DeleteBucketOutput, DeleteBucketPolicyInput,
    DeleteBucketPolicyOutput, DeleteObjectInput, DeleteObjectOutput, DeleteObjectsInput, DeleteObjectsOutput,
    GetBucketLocationInput, GetBucketLocationOutput, GetBucketPolicyInput, GetBucketPolicyOutput,
    GetBucketPolicyStatusInput, GetBucketPolicyStatusOutput, GetBucketVersioningInput, GetBucketVersioningOutput,
    GetObjectInput, GetObjectOutput, HeadBucketInput, HeadBucketOutput, HeadObjectInput, HeadObjectOutput,
    ListBucketsInput, ListBucketsOutput, ListMultipartUploadsInput, ListMultipartUploadsOutput,
    ListObjectVersionsInput, ListObjectVersionsOutput, ListObjectsInput, ListObjectsOutput, ListObjectsV2Input,
    ListObjectsV2Output, ListPartsInput, ListPartsOutput, PutBucketPolicyInput, PutBucketPolicyOutput,
    PutBucketVersioningInput, PutBucketVersioningOutput, PutObjectInput, PutObjectOutput, UploadPartCopyInput,
    UploadPartCopyOutput, UploadPartInput, UploadPartOutput,
};
use s3s::{S3, S3Request, S3Response, S3Result};

use super::Service;

/// Passes each operation of the protocol on to the method that does it.
macro_rules! operations {
    ($($operation:ident($input:ty) -> $output:ty = $method:ident;)*) => {
        /// The operations' names in the words of Rust.
        pub(super) const OPERATIONS: &[&str] = &[$(stringify!($operation)),*];

        #[async_trait::async_trait]
        impl S3 for Service {
            $(
                async fn $operation(&self, request: S3Request<$input>) -> S3Result<S3Response<$output>> {
                    self.$method(request).await
                }
            )*
        }
    };
}

operations! {
    abort_multipart_upload(AbortMultipartUploadInput) -> AbortMultipartUploadOutput = abort;
    complete_multipart_upload(CompleteMultipartUploadInput) -> CompleteMultipartUploadOutput = complete;
    copy_object(CopyObjectInput) -> CopyObjectOutput = copy;
    create_bucket(CreateBucketInput) -> CreateBucketOutput = create;
    create_multipart_upload(CreateMultipartUploadInput) -> CreateMultipartUploadOutput = begin;
    delete_bucket(DeleteBucketInput) -> DeleteBucketOutput = delete;
    delete_bucket_policy(DeleteBucketPolicyInput) -> DeleteBucketPolicyOutput = delete_policy;
    delete_object(DeleteObjectInput) -> DeleteObjectOutput = delete_one;
    delete_objects(DeleteObjectsInput) -> DeleteObjectsOutput = delete_many;
    get_bucket_location(GetBucketLocationInput) -> GetBucketLocationOutput = location;
    get_bucket_policy(GetBucketPolicyInput) -> GetBucketPolicyOutput = policy;
    get_bucket_policy_status(GetBucketPolicyStatusInput) -> GetBucketPolicyStatusOutput = policy_status;
    get_bucket_versioning(GetBucketVersioningInput) -> GetBucketVersioningOutput = versioning;
    get_object(GetObjectInput) -> GetObjectOutput = get;
    head_bucket(HeadBucketInput) -> HeadBucketOutput = head;
    head_object(HeadObjectInput) -> HeadObjectOutput = describe;
    list_buckets(ListBucketsInput) -> ListBucketsOutput = list_all;
    list_multipart_uploads(ListMultipartUploadsInput) -> ListMultipartUploadsOutput = uploads;
    list_object_versions(ListObjectVersionsInput) -> ListObjectVersionsOutput = versions;
    list_objects(ListObjectsInput) -> ListObjectsOutput = list_v1;
    list_objects_v2(ListObjectsV2Input) -> ListObjectsV2Output = list_v2;
    list_parts(ListPartsInput) -> ListPartsOutput = parts;
    put_bucket_policy(PutBucketPolicyInput) -> PutBucketPolicyOutput = set_policy;
    put_bucket_versioning(PutBucketVersioningInput) -> PutBucketVersioningOutput = set_versioning;
    put_object(PutObjectInput) -> PutObjectOutput = put;
    upload_part(UploadPartInput) -> UploadPartOutput = part;
    upload_part_copy(UploadPartCopyInput) -> UploadPartCopyOutput = part_copy;
}
