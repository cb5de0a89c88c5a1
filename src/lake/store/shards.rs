//! Which lakes of shards lie in a folder, and can they be read together?

use std::collections::BTreeSet;
use std::fs;

use crate::config::Shard;
use crate::state::{Site, StateError};

/// The lakes of the shards in a folder of this machine; none if it is a lake itself, or something else.
pub(crate) fn below(site: &Site) -> Result<Vec<Site>, StateError> {
    if site.is_bucket() || site.own("lake.json").exists() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(site.root()).into_iter().flatten().flatten();
    let names: Vec<String> =
        entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    sites(site, names.iter().map(String::as_str))
}

/// Where the shards are that have these folders among others, if all of them are there.
pub(crate) fn sites<'n>(
    site: &Site,
    names: impl Iterator<Item = &'n str>,
) -> Result<Vec<Site>, StateError> {
    let shards: Vec<Shard> = names.filter_map(Shard::of_folder).collect();
    let Some(of) = shards.first().map(|shard| shard.of()) else { return Ok(Vec::new()) };
    let wrong = |what: String| StateError::United { path: site.root().to_owned(), what };
    if let Some(other) = shards.iter().find(|shard| shard.of() != of) {
        return Err(wrong(format!("it holds shards of {of} and of {}", other.of())));
    }
    let folders: BTreeSet<String> = shards.iter().map(|shard| shard.folder()).collect();
    let all = (1..=of).map(|number| format!("shard-{number}-of-{of}"));
    let place = |folder: String| {
        if !folders.contains(&folder) {
            return Err(wrong(format!(
                "{folder} is not there, so an answer would lack its topics"
            )));
        }
        let address = format!("{}/{folder}", site.root().display());
        Ok(Site::new(address.as_ref(), None))
    };
    all.map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_read_together_only_if_all_are_there() {
        let site = Site::new("s3://b/lake/".as_ref(), None);
        let rows: [(&[&str], Result<usize, &str>); 4] = [
            (&["posts", "_resonanz"], Ok(0)),
            (&["shard-2-of-2", "x", "shard-1-of-2"], Ok(2)),
            (&["shard-1-of-2", "shard-1-of-1"], Err("shards of 2 and of 1")),
            (&["shard-1-of-2"], Err("shard-2-of-2 is not there")),
        ];
        for (names, wanted) in rows {
            match (sites(&site, names.iter().copied()), wanted) {
                (Ok(sites), Ok(count)) => assert_eq!(sites.len(), count, "{names:?}"),
                (Err(error), Err(said)) => assert!(error.to_string().contains(said), "{error}"),
                (found, _) => panic!("{names:?}: {found:?}"),
            }
        }
        let sites = sites(&site, ["shard-1-of-1"].into_iter()).expect("one");
        assert_eq!(sites[0].root().to_str(), Some("s3://b/lake/shard-1-of-1"));
    }
}
