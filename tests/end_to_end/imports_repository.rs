//! Is an account of Bluesky imported as it can be downloaded there, a CAR file?

use std::path::PathBuf;

use sha2::{Digest, Sha256};

use crate::support::{Place, file, query, run, skipped, stderr, stdout};

/// DAG-CBOR, as far as a repository needs it.
fn head(major: u8, length: usize) -> Vec<u8> {
    let length = u16::try_from(length).expect("short");
    let mut bytes = vec![major << 5 | 25];
    bytes.extend(length.to_be_bytes());
    bytes
}

fn text(text: &str) -> Vec<u8> {
    [head(3, text.len()), text.as_bytes().to_vec()].concat()
}

fn list(values: &[Vec<u8>]) -> Vec<u8> {
    [head(4, values.len()), values.concat()].concat()
}

fn object(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let each = members.iter().flat_map(|(name, value)| [text(name), value.clone()].concat());
    head(5, members.len()).into_iter().chain(each).collect()
}

const NULL: u8 = 0xf6;

/// The blocks of a repository in the making.
#[derive(Default)]
struct Car(Vec<u8>);

impl Car {
    /// Puts a block in; its link.
    fn block(&mut self, bytes: &[u8]) -> Vec<u8> {
        let digest: [u8; 32] = Sha256::digest(bytes).into();
        let cid = [&[0x01, 0x71, 0x12, 0x20][..], &digest[..]].concat();
        self.put(&[&cid[..], bytes].concat());
        [vec![0xd8, 42], head(2, 37), vec![0], cid].concat()
    }

    fn put(&mut self, block: &[u8]) {
        let mut length = block.len();
        while length >= 0x80 {
            self.0.push(u8::try_from(length & 0x7f).expect("seven bits") | 0x80);
            length >>= 7;
        }
        self.0.push(u8::try_from(length).expect("seven bits"));
        self.0.extend(block);
    }

    fn post(&mut self, said: &str, more: &[(&str, Vec<u8>)]) -> Vec<u8> {
        let own = [
            ("$type", text("app.bsky.feed.post")),
            ("text", text(said)),
            ("createdAt", text("2023-06-30T10:56:21.887Z")),
        ];
        self.block(&object(&[&own[..], more].concat()))
    }
}

/// A key of the tree that shares its beginning with the one before.
fn entry(shared: u8, rest: &str, record: Vec<u8>, right: Vec<u8>) -> Vec<u8> {
    let rest = [head(2, rest.len()), rest.as_bytes().to_vec()].concat();
    object(&[("p", vec![0x18, shared]), ("k", rest), ("v", record), ("t", right)])
}

fn repository() -> Vec<u8> {
    let mut car = Car::default();
    let parent = object(&[("uri", text("at://did:plc:bob/app.bsky.feed.post/3k"))]);
    let reply = object(&[("root", parent.clone()), ("parent", parent)]);
    let first = car.post("acme is great", &[("langs", list(&[text("de")]))]);
    let second = car.post("acme? no, acme is terrible", &[("reply", reply)]);
    let third = car.post("nothing", &[]);
    let like = car.block(&object(&[("$type", text("app.bsky.feed.like"))]));
    let none = || vec![NULL];
    let likes = entry(0, "app.bsky.feed.like/3jzfcijpj2z2a", like, none());
    let left = object(&[("l", none()), ("e", list(&[likes]))]);
    let left = car.block(&left);
    let later = entry(0, "app.bsky.feed.post/3jzfcijpj2z2c", third, none());
    let right = car.block(&object(&[("l", none()), ("e", list(&[later]))]));
    let keys = [
        entry(0, "app.bsky.feed.post/3jzfcijpj2z2a", first, none()),
        entry(31, "b", second, right),
    ];
    let tree = car.block(&object(&[("l", left), ("e", list(&keys))]));
    let commit = object(&[
        ("did", text("did:plc:ada")),
        ("version", vec![3]),
        ("rev", text("3l6z3qkvjxs2a")),
        ("data", tree),
    ]);
    let root = car.block(&commit);
    let mut whole = Car::default();
    whole.put(&object(&[("roots", list(&[root])), ("version", vec![1])]));
    [whole.0, car.0].concat()
}

#[test]
fn an_account_of_bluesky_is_imported_from_its_own_download() {
    let place = Place::new();
    let car = file(place.folder.path(), "repo.car", repository());
    let car = car.to_str().expect("UTF-8");
    let shown = run(&["import", "--preview", car]);
    let said = stdout(&shown);
    assert!(said.contains("an account of Bluesky") && said.contains("acme is great"), "{said}");
    assert!(said.contains("  reply  "), "{said}");
    let imported = place.reprocess(&PathBuf::from(car));
    assert!(imported.status.success(), "{}", stderr(&imported));
    let sql = "SELECT text, kind, source, posted_at FROM mentions ORDER BY kind";
    let rows = query(&place.lake, sql);
    let wanted = "acme is great,original,bluesky,2023-06-30T10:56:21.887Z\n\
                  \"acme? no, acme is terrible\",reply,bluesky,2023-06-30T10:56:21.887Z";
    assert_eq!(rows.replace("887000Z", "887Z"), wanted);
    assert!(!query(&place.lake, "SELECT post_id, parent FROM mentions").contains("did:plc"));
}

#[test]
fn a_download_that_was_cut_off_is_refused_as_a_whole() {
    let place = Place::new();
    let whole = repository();
    for length in [whole.len() - 1, whole.len() / 2, 3] {
        let car = file(place.folder.path(), "repo.car", &whole[..length]);
        let imported = place.reprocess(&car);
        let said = stderr(&imported);
        assert!(!imported.status.success(), "{length}: {said}");
        assert!(said.contains("repo.car"), "{said}");
        let is_said = ["in the middle of a block", "download it again", "not a CAR file"];
        assert!(is_said.iter().any(|words| said.contains(words)), "{length}: {said}");
    }
}

#[test]
fn branches_that_meet_and_values_without_bounds_are_refused_before_they_grow() {
    let place = Place::new();
    let whole = |mut car: Car, tree: Vec<u8>| {
        let commit = object(&[("did", text("did:plc:ada")), ("version", vec![3]), ("data", tree)]);
        let root = car.block(&commit);
        let mut whole = Car::default();
        whole.put(&object(&[("roots", list(&[root])), ("version", vec![1])]));
        [whole.0, car.0].concat()
    };
    // Thirty levels, each of which holds the next one twice: a thousand million nodes.
    let mut car = Car::default();
    let post = car.post("acme", &[]);
    let mut node = car.block(&object(&[("l", vec![NULL]), ("e", list(&[]))]));
    for _ in 0..30 {
        let own = entry(0, "app.bsky.feed.post/3jzfcijpj2z2a", post.clone(), node.clone());
        node = car.block(&object(&[("l", node), ("e", list(&[own]))]));
    }
    let meeting = whole(car, node);
    // A list of five million nothings, each forty times as large once it is read.
    let mut car = Car::default();
    let nothings = [&[0x9a][..], &5_000_000u32.to_be_bytes(), &vec![NULL; 5_000_000]].concat();
    let tree = car.block(&nothings);
    for (bytes, why) in [(meeting, "more than once"), (whole(car, tree), "more than 4 MiB")] {
        let imported = place.reprocess(&file(place.folder.path(), "repo.car", bytes));
        assert!(!imported.status.success(), "{why}");
        assert!(stderr(&imported).contains(why), "{}", stderr(&imported));
    }
}

#[test]
fn a_captured_repository_is_read() {
    let Some(folder) = std::env::var_os("RESONANZ_FIXTURES") else {
        skipped("RESONANZ_FIXTURES is not set");
        return;
    };
    let path = PathBuf::from(folder).join("jetstream/repo.car");
    let bytes = std::fs::read(path).expect("a file");
    let repository = resonanz::decode::Repository::parse(bytes).expect("a repository");
    let block = repository.block(0, repository.len()).expect("a block");
    assert_eq!(block.len(), repository.len());
}
