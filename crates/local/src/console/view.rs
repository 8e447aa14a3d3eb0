//! The pages there are, and their addresses.

use form_urlencoded::{byte_serialize, parse};
use http::Uri;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::api::Caller;

/// Where the form of a decision is sent.
pub(super) const DECISION_PATH: &str = "/-/decision";

/// What a part of a path writes otherwise.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Whose something is: an account in a region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) account: String,
    pub(super) region: String,
}

impl Owner {
    pub(super) fn new(account: impl Into<String>, region: impl Into<String>) -> Self {
        Self { account: account.into(), region: region.into() }
    }

    /// The owner as one who calls operations.
    pub(super) fn caller(&self) -> Caller {
        Caller::root(&self.account, &self.region)
    }
}

/// A page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum View {
    /// The newest of everything.
    Overview,
    /// Everything of a kind that one account has in one region; `next` is where a later page begins.
    All { section: Section, of: Owner, next: Option<String> },
    /// One thing. A bucket is looked at below a `prefix`.
    One { section: Section, of: Owner, name: String, prefix: String, next: Option<String> },
}

/// A kind of things that has pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    TuningJobs,
    TrainingJobs,
    ModelPackages,
    Endpoints,
    Buckets,
}

impl Section {
    pub(super) const ALL: [Self; 5] =
        [Self::TuningJobs, Self::TrainingJobs, Self::ModelPackages, Self::Endpoints, Self::Buckets];

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::TuningJobs => "Tuning jobs",
            Self::TrainingJobs => "Training jobs",
            Self::ModelPackages => "Model packages",
            Self::Endpoints => "Endpoints",
            Self::Buckets => "Buckets",
        }
    }

    /// In paths and in the ids of elements.
    pub(super) fn slug(self) -> &'static str {
        match self {
            Self::TuningJobs => "tuning-jobs",
            Self::TrainingJobs => "training-jobs",
            Self::ModelPackages => "model-packages",
            Self::Endpoints => "endpoints",
            Self::Buckets => "buckets",
        }
    }
}

impl View {
    pub(super) fn all(section: Section, of: &Owner) -> Self {
        Self::All { section, of: of.clone(), next: None }
    }

    pub(super) fn one(section: Section, of: &Owner, name: &str) -> Self {
        Self::One { section, of: of.clone(), name: name.to_owned(), prefix: String::new(), next: None }
    }

    /// What a bucket holds below a prefix.
    pub(super) fn below(of: &Owner, bucket: &str, prefix: &str) -> Self {
        let (name, prefix) = (bucket.to_owned(), prefix.to_owned());
        Self::One { section: Section::Buckets, of: of.clone(), name, prefix, next: None }
    }

    /// The same page from another place on.
    pub(super) fn from(&self, place: &str) -> Self {
        let mut view = self.clone();
        if let Self::All { next, .. } | Self::One { next, .. } = &mut view {
            *next = Some(place.to_owned());
        }
        view
    }

    pub(super) fn of(uri: &Uri) -> Option<Self> {
        Self::parse(uri.path(), uri.query().unwrap_or_default())
    }

    fn parse(path: &str, query: &str) -> Option<Self> {
        let decoded = |part: &str| Some(percent_decode_str(part).decode_utf8().ok()?.into_owned());
        let field =
            |name: &str| parse(query.as_bytes()).find(|(field, _)| field == name).map(|(_, value)| value.into_owned());
        if path == "/" {
            return Some(Self::Overview);
        }
        let mut parts = path.strip_prefix(super::PREFIX)?.split('/');
        let slug = parts.next()?;
        let section = Section::ALL.into_iter().find(|section| section.slug() == slug)?;
        let of = Owner::new(decoded(parts.next()?)?, decoded(parts.next()?)?);
        let name = parts.next().map(decoded);
        match (name, parts.next()) {
            (_, Some(_)) => None,
            (None, None) => Some(Self::All { section, of, next: field("next") }),
            (Some(name), None) => {
                let prefix = field("prefix").unwrap_or_default();
                Some(Self::One { section, of, name: name?, prefix, next: field("next") })
            }
        }
    }

    /// The page that an address of ours names.
    pub(super) fn of_href(href: &str) -> Option<Self> {
        let (path, query) = href.split_once('?').unwrap_or((href, ""));
        Self::parse(path, query)
    }

    pub(super) fn href(&self) -> String {
        let (section, of, rest, prefix, next) = match self {
            Self::Overview => return "/".to_owned(),
            Self::All { section, of, next } => (section, of, String::new(), "", next),
            Self::One { section, of, name, prefix, next } => {
                (section, of, format!("/{}", encoded(name)), &**prefix, next)
            }
        };
        let path = format!("/-/{}/{}/{}{rest}", section.slug(), encoded(&of.account), encoded(&of.region));
        let fields = [("prefix", prefix), ("next", next.as_deref().unwrap_or_default())];
        let fields = fields.into_iter().filter(|(_, value)| !value.is_empty());
        let query: Vec<String> = fields
            .map(|(name, value)| format!("{name}={}", byte_serialize(value.as_bytes()).collect::<String>()))
            .collect();
        if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) }
    }

    pub(super) fn title(&self) -> String {
        match self {
            Self::Overview => "Overview".to_owned(),
            Self::All { section, .. } => section.title().to_owned(),
            Self::One { name, .. } => name.clone(),
        }
    }
}

fn encoded(part: &str) -> String {
    utf8_percent_encode(part, ESCAPED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_its_page() {
        let of = Owner::new("123456789012", "us-east-1");
        for section in Section::ALL {
            let views = [View::all(section, &of), View::one(section, &of, "a b/ü?&#%<\"")];
            for view in views.iter().flat_map(|view| [view.clone(), view.from("k1/+ &=?#ü")]) {
                assert_eq!(View::of(&view.href().parse().unwrap()), Some(view.clone()), "{}", view.href());
                assert_eq!(View::of_href(&view.href()), Some(view));
            }
        }
        let below = View::below(&of, "bucket", "a/ü &b/");
        assert_eq!(below.href(), "/-/buckets/123456789012/us-east-1/bucket?prefix=a%2F%C3%BC+%26b%2F");
        assert_eq!(View::of_href(&below.href()), Some(below));
    }

    #[test]
    fn other_addresses_name_nothing() {
        for href in
            ["//example.com/", "https://example.com/", "/-/", "/-/secrets/1/2", "/-/endpoints/1", "/bucket/key", ""]
        {
            assert_eq!(View::of_href(href), None, "{href}");
        }
        assert_eq!(View::of_href("/-/endpoints/1/2/3/4"), None);
    }
}
