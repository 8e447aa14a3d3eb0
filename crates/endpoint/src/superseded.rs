use chrono::{DateTime, Utc};

use crate::content::is_ours;
use crate::{EndpointConfigName, EndpointName};

/// Which configurations of the endpoint nobody needs any more, now that `serving` took the place of `before`.
///
/// Only what is older than `before` counts: a newer one may be about to be served on behalf of somebody else. Where
/// `before` is not listed, its age is not known and nothing counts.
pub(crate) fn superseded<'a>(
    endpoint: &EndpointName,
    listed: &'a [(EndpointConfigName, DateTime<Utc>)],
    serving: &EndpointConfigName,
    before: Option<&EndpointConfigName>,
) -> Vec<&'a EndpointConfigName> {
    let Some((_, before_created)) = listed.iter().find(|(name, _)| Some(name) == before) else {
        return Vec::new();
    };
    let older = listed.iter().filter(|(name, created)| created < before_created && name != serving);
    older.map(|(name, _)| name).filter(|name| is_ours(endpoint, name)).collect()
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::superseded;
    use crate::EndpointConfigName;

    fn config(digit: char) -> EndpointConfigName {
        format!("flights-{}", digit.to_string().repeat(12)).parse().unwrap()
    }

    #[test]
    fn only_what_is_older_than_the_one_before_goes() {
        let at = |second| DateTime::from_timestamp(second, 0).unwrap();
        let foreign: EndpointConfigName = "flights-by-hand".parse().unwrap();
        let listed = [
            (config('1'), at(1)),
            (foreign, at(1)),
            (config('2'), at(2)),
            (config('3'), at(3)),
            (config('4'), at(4)),
            // Somebody else has just created it.
            (config('5'), at(5)),
        ];
        let endpoint = "flights".parse().unwrap();
        let gone = superseded(&endpoint, &listed, &config('4'), Some(&config('3')));
        assert_eq!(gone, [&config('1'), &config('2')]);
        // The settings went back to what they were: the configuration that serves is an old one.
        assert_eq!(superseded(&endpoint, &listed, &config('1'), Some(&config('3'))), [&config('2')]);
        let by_hand = "flights-other".parse().ok();
        assert!(superseded(&endpoint, &listed, &config('4'), by_hand.as_ref()).is_empty());
        assert!(superseded(&endpoint, &listed, &config('4'), None).is_empty());
    }
}
