//! Where does a `Link` header lead? Its addresses, each by what it is to the answer.

/// Every relation of a header, in small letters, with its address as it stands.
pub(in crate::connect) fn links(header: &str) -> impl Iterator<Item = (String, String)> + '_ {
    header.split(',').filter_map(one).flatten()
}

fn one(link: &str) -> Option<Vec<(String, String)>> {
    let (address, rest) = link.trim().strip_prefix('<')?.split_once('>')?;
    let mut parts = rest.split(';').filter_map(|part| part.split_once('='));
    let (_, rels) = parts.find(|(name, _)| name.trim().eq_ignore_ascii_case("rel"))?;
    let rels = rels.trim().trim_matches('"').split_whitespace();
    Some(rels.map(|rel| (rel.to_ascii_lowercase(), address.to_owned())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relations_are_read_as_servers_write_them() {
        let header = "<https://h/2>; rel=\"next\", </hub>; REL=hub, <b>; title=x; rel=\"Self alternate\", no";
        let found: Vec<(String, String)> = links(header).collect();
        let wanted = [("next", "https://h/2"), ("hub", "/hub"), ("self", "b"), ("alternate", "b")];
        assert_eq!(found, wanted.map(|(rel, at)| (rel.to_owned(), at.to_owned())));
    }
}
