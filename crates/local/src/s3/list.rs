//! ListObjects, both versions.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use s3s::dto::{
    CommonPrefix, EncodingType, ListObjectsInput, ListObjectsOutput, ListObjectsV2Input, ListObjectsV2Output, Object,
    ObjectStorageClass, Owner,
};
use s3s::{S3Request, S3Response, S3Result, s3_error};

use super::Service;
use super::convert::{algorithms, check_encoding, checksum_type, etag, limit, listed, size, timestamp};
use crate::objects::{Cursor, ListQuery, Stored};

impl Service {
    pub(super) async fn list_v1(
        &self,
        request: S3Request<ListObjectsInput>,
    ) -> S3Result<S3Response<ListObjectsOutput>> {
        let access = self.access(&request)?;
        let input = request.input;
        let encoding = input.encoding_type;
        check_encoding(encoding.as_ref())?;
        let (max_keys, limit) = limit(input.max_keys)?;
        let mut query = ListQuery {
            prefix: input.prefix.clone().unwrap_or_default(),
            delimiter: input.delimiter.clone(),
            after: Cursor::Start,
            limit,
        };
        // A marker that is a common prefix was the last thing on the page before.
        query.after = match input.marker.clone() {
            Some(marker) if query.common_prefix(&marker) == Some(&marker) => Cursor::Prefix(marker),
            Some(marker) => Cursor::Key(marker),
            None => Cursor::Start,
        };
        let bucket = input.bucket.clone();
        let page = self.run(move |store| store.page(&access, &bucket, &query)).await?;
        let text = |text: &str| listed(text, encoding.as_ref());
        let next_marker = page.next.as_ref().map(|next| match next {
            Cursor::Start => String::new(),
            Cursor::Key(last) | Cursor::Prefix(last) => text(last),
        });
        Ok(S3Response::new(ListObjectsOutput {
            name: Some(input.bucket),
            prefix: Some(text(&input.prefix.unwrap_or_default())),
            marker: Some(text(&input.marker.unwrap_or_default())),
            max_keys: Some(max_keys),
            is_truncated: Some(page.next.is_some()),
            contents: Some(objects(page.objects, encoding.as_ref(), Some(&page.owner))),
            common_prefixes: Some(prefixes(&page.prefixes, encoding.as_ref())),
            // Without a delimiter the last key is where the next page starts from.
            next_marker: next_marker.filter(|_| input.delimiter.is_some()),
            delimiter: input.delimiter.as_deref().map(text),
            encoding_type: encoding.clone(),
            request_charged: None,
        }))
    }

    pub(super) async fn list_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let access = self.access(&request)?;
        let input = request.input;
        let encoding = input.encoding_type;
        check_encoding(encoding.as_ref())?;
        let (max_keys, limit) = limit(input.max_keys)?;
        let query = ListQuery {
            prefix: input.prefix.clone().unwrap_or_default(),
            delimiter: input.delimiter.clone(),
            after: match (&input.continuation_token, &input.start_after) {
                (Some(token), _) => read_token(token)?,
                (None, Some(key)) => Cursor::Key(key.clone()),
                (None, None) => Cursor::Start,
            },
            limit,
        };
        let bucket = input.bucket.clone();
        let page = self.run(move |store| store.page(&access, &bucket, &query)).await?;
        let text = |text: &str| listed(text, encoding.as_ref());
        Ok(S3Response::new(ListObjectsV2Output {
            name: Some(input.bucket),
            prefix: Some(text(&input.prefix.unwrap_or_default())),
            max_keys: Some(max_keys),
            key_count: i32::try_from(page.objects.len() + page.prefixes.len()).ok(),
            continuation_token: input.continuation_token,
            is_truncated: Some(page.next.is_some()),
            next_continuation_token: page.next.as_ref().map(token),
            contents: Some(objects(
                page.objects,
                encoding.as_ref(),
                input.fetch_owner.unwrap_or(false).then_some(&*page.owner),
            )),
            common_prefixes: Some(prefixes(&page.prefixes, encoding.as_ref())),
            delimiter: input.delimiter.as_deref().map(text),
            start_after: input.start_after.as_deref().map(text),
            encoding_type: encoding.clone(),
            request_charged: None,
        }))
    }
}

pub(super) fn prefixes(prefixes: &[String], encoding: Option<&EncodingType>) -> Vec<CommonPrefix> {
    prefixes.iter().map(|prefix| CommonPrefix { prefix: Some(listed(prefix, encoding)) }).collect()
}

pub(super) fn owner(account: &str) -> Owner {
    Owner { display_name: None, id: Some(account.to_owned()) }
}

fn objects(objects: Vec<Stored>, encoding: Option<&EncodingType>, account: Option<&str>) -> Vec<Object> {
    objects
        .into_iter()
        .map(|object| Object {
            checksum_algorithm: algorithms(&object.attributes.checksums),
            checksum_type: checksum_type(&object.attributes.checksums),
            e_tag: etag(object.etag),
            key: Some(listed(&object.key, encoding)),
            last_modified: Some(timestamp(object.last_modified)),
            owner: account.map(owner),
            restore_status: None,
            size: size(object.size),
            storage_class: Some(ObjectStorageClass::from_static(ObjectStorageClass::STANDARD)),
        })
        .collect()
}

/// A continuation token: opaque to clients, and ours to read.
fn token(cursor: &Cursor) -> String {
    let text = match cursor {
        Cursor::Start => String::new(),
        Cursor::Key(key) => format!("k{key}"),
        Cursor::Prefix(prefix) => format!("p{prefix}"),
    };
    BASE64_URL_SAFE_NO_PAD.encode(text)
}

fn read_token(token: &str) -> S3Result<Cursor> {
    let text = BASE64_URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let cursor = text.and_then(|text| match text.split_at_checked(1)? {
        ("k", key) => Some(Cursor::Key(key.to_owned())),
        ("p", prefix) => Some(Cursor::Prefix(prefix.to_owned())),
        _ => None,
    });
    cursor.ok_or_else(|| s3_error!(InvalidArgument, "The continuation token provided is incorrect"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_brings_its_cursor_back() {
        for cursor in [Cursor::Key("a/b c".to_owned()), Cursor::Prefix("ü/".to_owned())] {
            assert_eq!(read_token(&token(&cursor)).unwrap(), cursor);
        }
        assert!(read_token("no token").is_err());
    }
}
