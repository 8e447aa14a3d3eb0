//! What PutObject, CopyObject and CreateMultipartUpload say of the object they make, each in members of the same names.

use s3s::dto::{ServerSideEncryption, StorageClass};
use s3s::{S3Result, s3_error};

/// S3 encrypts every object with its own keys unless told otherwise, and says so. On this machine the disk's owner
/// decides; what names a key of KMS is refused.
pub(super) fn encryption() -> ServerSideEncryption {
    ServerSideEncryption::from_static(ServerSideEncryption::AES256)
}

/// Refuses every setting of an input that would have to be forgotten.
macro_rules! check_settings {
    ($input:expr) => {{
        use $crate::s3::errors::unsupported;
        use $crate::s3::settings::{check_acl, check_encryption, check_storage_class};
        let input = &$input;
        check_encryption(input.server_side_encryption.as_ref())?;
        check_storage_class(input.storage_class.as_ref())?;
        check_acl(input.acl.as_ref().map(|acl| acl.as_str()))?;
        for grant in [&input.grant_full_control, &input.grant_read, &input.grant_read_acp, &input.grant_write_acp] {
            check_acl(grant.as_deref())?;
        }
        unsupported(&input.sse_customer_algorithm, "customer's encryption keys")?;
        unsupported(&input.ssekms_key_id, "keys of KMS")?;
        unsupported(&input.tagging, "tags")?;
        unsupported(&input.object_lock_mode, "object locks")?;
        unsupported(&input.object_lock_legal_hold_status, "object locks")?;
        unsupported(&input.website_redirect_location, "website redirects")?;
    }};
}
pub(super) use check_settings;

/// The object's headers and metadata, moved out of an input.
macro_rules! attributes {
    ($input:expr) => {
        $crate::objects::Attributes {
            content_type: $input.content_type,
            content_encoding: $crate::s3::settings::content_encoding($input.content_encoding),
            content_disposition: $input.content_disposition,
            content_language: $input.content_language,
            cache_control: $input.cache_control,
            expires: $crate::s3::convert::expires_text($input.expires.as_ref()),
            metadata: $crate::s3::convert::metadata($input.metadata)?,
            ..$crate::objects::Attributes::default()
        }
    };
}
pub(super) use attributes;

pub(super) fn check_encryption(asked: Option<&ServerSideEncryption>) -> S3Result<()> {
    match asked {
        Some(asked) if asked.as_str() != ServerSideEncryption::AES256 => {
            Err(s3_error!(NotImplemented, "refit-local does not have {} encryption.", asked.as_str()))
        }
        _ => Ok(()),
    }
}

pub(super) fn check_storage_class(asked: Option<&StorageClass>) -> S3Result<()> {
    match asked {
        Some(asked) if asked.as_str() != StorageClass::STANDARD => {
            Err(s3_error!(NotImplemented, "refit-local does not have the storage class {}.", asked.as_str()))
        }
        _ => Ok(()),
    }
}

/// Buckets are made with ACLs switched off since 2023: then only those are taken that change nothing.
pub(super) fn check_acl(asked: Option<&str>) -> S3Result<()> {
    match asked {
        None | Some("private" | "bucket-owner-full-control") => Ok(()),
        Some(_) => Err(s3_error!(AccessControlListNotSupported, "The bucket does not allow ACLs")),
    }
}

/// `aws-chunked` is how the body travelled, not how the object is encoded.
pub(super) fn content_encoding(header: Option<String>) -> Option<String> {
    let codings = header.as_deref()?.split(',').map(str::trim);
    let kept: Vec<&str> = codings.filter(|coding| *coding != "aws-chunked").collect();
    Some(kept.join(",")).filter(|kept| !kept.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_a_body_travelled_is_not_kept() {
        let kept = |header: &str| content_encoding(Some(header.to_owned()));
        assert_eq!(kept("aws-chunked"), None);
        assert_eq!(kept("aws-chunked,gzip").as_deref(), Some("gzip"));
        assert_eq!(kept("gzip, aws-chunked").as_deref(), Some("gzip"));
    }

    #[test]
    fn an_acl_that_would_open_an_object_is_refused() {
        assert!(check_acl(Some("private")).is_ok());
        assert!(check_acl(Some("public-read")).is_err());
    }
}
