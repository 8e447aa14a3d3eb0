//! DeleteObject and DeleteObjects.

use s3s::dto::{
    self, DeleteObjectInput, DeleteObjectOutput, DeleteObjectsInput, DeleteObjectsOutput, DeletedObject, ETag,
};
use s3s::{S3Request, S3Response, S3Result, s3_error};

use super::Service;
use super::convert::etag_match;
use super::errors::{s3_error as refused, unsupported};
use crate::objects::{Deleted, ETagMatch, ToDelete};

/// S3's limit on one request.
const MOST_OBJECTS: usize = 1000;

impl Service {
    pub(super) async fn delete_one(
        &self,
        request: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        let access = self.access(&request)?;
        let input = request.input;
        unsupported(&input.if_match_last_modified_time, "deletion by time")?;
        unsupported(&input.if_match_size, "deletion by size")?;
        let object = ToDelete { key: input.key, version_id: input.version_id, if_match: etag_match(input.if_match) };
        let results = self.run(move |store| store.delete(&access, &input.bucket, &[object])).await?;
        let deleted = results.into_iter().next().transpose().map_err(refused)?.unwrap_or_default();
        Ok(S3Response::new(DeleteObjectOutput {
            delete_marker: deleted.delete_marker.then_some(true),
            version_id: deleted.version_id,
            ..DeleteObjectOutput::default()
        }))
    }

    pub(super) async fn delete_many(
        &self,
        request: S3Request<DeleteObjectsInput>,
    ) -> S3Result<S3Response<DeleteObjectsOutput>> {
        let access = self.access(&request)?;
        let input = request.input;
        if input.delete.objects.is_empty() || input.delete.objects.len() > MOST_OBJECTS {
            return Err(s3_error!(MalformedXML, "A request deletes 1 to {MOST_OBJECTS} objects."));
        }
        let objects: Vec<ToDelete> = input
            .delete
            .objects
            .into_iter()
            .map(|object| ToDelete {
                key: object.key,
                version_id: object.version_id,
                if_match: object.e_tag.map(ETag::into_value).map(|etag| match etag.as_str() {
                    "*" => ETagMatch::Any,
                    _ => ETagMatch::ETag(etag),
                }),
            })
            .collect();
        let asked = objects.clone();
        let results = self.run(move |store| store.delete(&access, &input.bucket, &objects)).await?;
        let (mut deleted, mut errors) = (Vec::new(), Vec::new());
        for (object, result) in asked.into_iter().zip(results) {
            match result {
                Ok(done) => deleted.push(deleted_object(object, done)),
                Err(error) => {
                    let error = refused(error);
                    errors.push(dto::Error {
                        code: Some(error.code().as_str().to_owned()),
                        key: Some(object.key),
                        message: error.message().map(str::to_owned),
                        version_id: object.version_id,
                    });
                }
            }
        }
        let quiet = input.delete.quiet.unwrap_or(false);
        Ok(S3Response::new(DeleteObjectsOutput {
            deleted: (!quiet).then_some(deleted),
            errors: Some(errors),
            ..DeleteObjectsOutput::default()
        }))
    }
}

fn deleted_object(object: ToDelete, done: Deleted) -> DeletedObject {
    DeletedObject {
        delete_marker: done.delete_marker.then_some(true),
        delete_marker_version_id: done.version_id.filter(|_| done.delete_marker),
        key: Some(object.key),
        version_id: object.version_id,
    }
}
