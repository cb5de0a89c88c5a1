//! Is a WordPress blog heard by the feeds that it has by itself, and by its REST API? Articles,
//! comments written in its own form, edits, what is trashed, and answers that nothing has changed.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::support::{
    Killed, Place, erase_what_was_replaced, everything, file, free_port, live, query, repository,
    wait_for, wait_for_answer,
};

/// What is run in WordPress's own house.
const INSTALL: &str = "define('WP_INSTALLING', true); require 'wp-load.php'; \
    require 'wp-admin/includes/upgrade.php'; \
    wp_install('Harbour', 'editor', 'editor@example.org', true, '', 'correct horse battery'); \
    update_option('comment_moderation', 0); update_option('comment_previously_approved', 0); \
    wp_delete_post(1, true);";

/// A blog of its own, with its database.
struct Blog {
    url: String,
    port: u16,
    site: PathBuf,
    log: PathBuf,
    _server: Killed,
    _database: Killed,
    _folder: tempfile::TempDir,
}

fn started(command: &mut Command, log: &Path) -> Killed {
    let log = std::fs::File::create(log).expect("a file");
    let command = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
    Killed(command.spawn().unwrap_or_else(|error| {
        panic!("{command:?}: {error}; apt-get install wordpress wordpress-theme-twentytwentythree mariadb-server php-cli php-mysql")
    }))
}

fn done(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| {
        panic!("{command:?}: {error}; apt-get install wordpress wordpress-theme-twentytwentythree mariadb-server php-cli php-mysql")
    });
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}{error}");
    said
}

/// The database that a blog keeps its posts in.
fn database(folder: &Path, port: u16) -> Killed {
    let data = folder.join("data");
    // Where that user may write.
    let socket = data.join("socket");
    let is_root = done(Command::new("id").arg("-u")).trim() == "0";
    let user: &[&str] = if is_root { &["--user=mysql"] } else { &[] };
    let data = format!("--datadir={}", data.display());
    let mut install = Command::new("mariadb-install-db");
    install.args(["--no-defaults", "--auth-root-authentication-method=normal"]);
    done(install.args(user).arg(&data));
    let mut server = Command::new("mariadbd");
    server.args(["--no-defaults", "--bind-address=127.0.0.1", "--performance-schema=OFF"]);
    server.args(["--innodb-buffer-pool-size=32M", &format!("--port={port}"), &data]).args(user);
    let socket = format!("--socket={}", socket.display());
    let server = started(server.arg(&socket), &folder.join("database.log"));
    let sql = "CREATE DATABASE blog; CREATE USER blog@'127.0.0.1' IDENTIFIED BY 'blog'; \
               GRANT ALL ON blog.* TO blog@'127.0.0.1'";
    wait_for("the database", || {
        let mut client = Command::new("mariadb");
        client.args(["--no-defaults", "--user=root", &socket, "--execute", sql]);
        let output = client.output().expect("the database's client runs");
        output.status.success().then_some(())
    });
    server
}

impl Blog {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        // The database runs as a user of its own.
        let open = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(folder.path(), open).expect("permissions");
        let (port, database_port) = (free_port(), free_port());
        let database = database(folder.path(), database_port);
        let site = folder.path().join("site");
        done(Command::new("cp").args(["-rL", "/usr/share/wordpress"]).arg(&site));
        let url = format!("http://127.0.0.1:{port}");
        let settings = format!(
            "<?php define('DB_NAME','blog'); define('DB_USER','blog'); define('DB_PASSWORD','blog');\n\
             define('DB_HOST','127.0.0.1:{database_port}'); define('DB_CHARSET','utf8mb4'); define('DB_COLLATE','');\n\
             define('WP_HOME','{url}'); define('WP_SITEURL','{url}'); define('WP_HTTP_BLOCK_EXTERNAL',true);\n\
             define('DISABLE_WP_CRON',true); $table_prefix='wp_';\n\
             if (!defined('ABSPATH')) define('ABSPATH', __DIR__.'/');\n\
             require_once ABSPATH.'wp-settings.php';\n"
        );
        file(&site, "wp-config.php", settings);
        // It lets a reader comment every fifteen seconds only.
        let plugins = site.join("wp-content/mu-plugins");
        std::fs::create_dir_all(&plugins).expect("a folder");
        let quick = "<?php add_filter('comment_flood_filter', '__return_false', 99);";
        file(&plugins, "quick.php", quick);
        let log = folder.path().join("server.log");
        let mut server = Command::new("php");
        server.args(["-d", "sendmail_path=/bin/true"]);
        let server = server.args(["-S", &format!("127.0.0.1:{port}"), "-t"]).arg(&site);
        let server = started(server, &log);
        let blog =
            Self { url, port, site, log, _server: server, _database: database, _folder: folder };
        blog.php(INSTALL);
        wait_for("the blog", || TcpStream::connect(("127.0.0.1", port)).ok());
        blog
    }

    /// Runs code in WordPress; what it prints.
    fn php(&self, code: &str) -> String {
        let mut php = Command::new("php");
        php.args(["-d", "sendmail_path=/bin/true", "-r", code]).current_dir(&self.site);
        done(php.env("HTTP_HOST", self.url.trim_start_matches("http://")))
    }

    /// Runs code in the blog itself, as its editor's pages do; what it prints.
    fn editor(&self, code: &str) -> String {
        self.php(&format!("require 'wp-load.php'; {code}"))
    }

    /// The addresses that were asked for, in order.
    fn asked(&self) -> Vec<String> {
        let log = std::fs::read_to_string(&self.log).expect("a log");
        log.lines().filter_map(|line| Some(line.split_once("GET ")?.1.to_owned())).collect()
    }

    /// Publishes an article; its number.
    fn publish(&self, title: &str, text: &str) -> u64 {
        let code = format!(
            "echo wp_insert_post(['post_title' => '{title}', 'post_content' => '{text}', \
             'post_status' => 'publish', 'post_author' => 1]);"
        );
        self.editor(&code).trim().parse().expect("a number")
    }

    /// Comments on an article as a reader does, in the form below it.
    fn comment(&self, article: u64, author: &str, text: &str) {
        let body = format!(
            "comment_post_ID={article}&comment_parent=0&author={author}&email={author}%40example.org&comment={}&submit=Post",
            text.replace(' ', "+")
        );
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("a connection");
        write!(
            stream,
            "POST /wp-comments-post.php HTTP/1.1\r\nhost: 127.0.0.1:{}\r\nconnection: close\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
            self.port,
            body.len()
        )
        .expect("written");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 302"), "{answer}");
    }
}

fn config(place: &Place, sources: &str) -> PathBuf {
    let text = format!(
        "[lake]\npath = \"{}\"\ncommit_interval = \"50ms\"\n[[topic]]\nname = \"acme\"\nquery = 'acme'\n{sources}",
        place.lake.display()
    );
    file(place.folder.path(), "run.toml", text)
}

#[test]
fn articles_and_comments_of_a_blog_are_heard_once_and_edits_are_followed() {
    let (place, blog) = (Place::new(), Blog::new());
    let article = blog.publish("News of acme", "The new <b>crane</b> &amp; its ropes");
    // The address of the blog itself: its page names the feed.
    let config = config(
        &place,
        &format!(
            "[[source]]\nname = \"blog\"\ntype = \"feed\"\nurl = \"{0}/\"\ninterval = \"1s\"\nignore_ttl = true\n\
             [[source]]\nname = \"comments\"\ntype = \"feed\"\nurl = \"{0}/?feed=comments-rss2\"\ninterval = \"1s\"\n\
             ignore_ttl = true\n",
            blog.url
        ),
    );
    let process = live(&config);
    let heard = |sql: &str, wanted: &str| wait_for_answer(&place.lake, sql, wanted);
    heard("SELECT kind, text FROM mentions", "article,\"News of acme\nThe new crane & its ropes\"");
    blog.comment(article, "kim", "acme never answers me");
    let comments = "SELECT kind, text FROM mentions WHERE source = 'comments'";
    wait_for("the comment", || {
        query(&place.lake, comments).contains("acme never answers me").then_some(())
    });
    assert!(
        query(&place.lake, comments).starts_with("comment,"),
        "{}",
        query(&place.lake, comments)
    );
    let thread = query(&place.lake, "SELECT thread FROM mentions WHERE source = 'comments'");
    let id = query(&place.lake, "SELECT post_id FROM mentions WHERE source = 'blog'");
    assert_eq!(thread, id, "a comment stands under its article");
    drop(process);

    let second = blog.publish("More of acme", "written while nobody listened");
    blog.comment(second, "roe", "acme is great");
    let process = live(&config);
    heard("SELECT count(*) FROM mentions WHERE source = 'blog'", "2");
    heard("SELECT count(*) FROM mentions WHERE source = 'comments'", "2");
    blog.editor(&format!(
        "wp_update_post(['ID' => {article}, 'post_content' => 'The crane is late']);"
    ));
    heard("SELECT count(*) FROM mentions WHERE text LIKE '%The crane is late%'", "1");
    let begun = Instant::now();
    wait_for("an answer that nothing has changed", || {
        let log = std::fs::read_to_string(&blog.log).expect("a log");
        let asked: Vec<&str> = log.lines().filter(|line| line.contains("GET")).collect();
        assert!(begun.elapsed().as_secs() < 40, "{asked:#?}");
        let unchanged =
            |feed: &str| asked.iter().any(|line| line.ends_with(&format!("[304]: GET {feed}")));
        (unchanged("/feed/") && unchanged("/?feed=comments-rss2")).then_some(())
    });
    assert_eq!(process.terminate(), Some(0));
    erase_what_was_replaced(&place.lake);
    assert_eq!(query(&place.lake, "SELECT count(*) FROM mentions WHERE text LIKE '%ropes%'"), "0");
    let ids = query(&place.lake, "SELECT count(*), count(distinct post_id) FROM mentions");
    assert_eq!(ids, "4,4");
}

/// A preset as it ships, but for the ages at which posts are asked for again: every two seconds.
fn watchful(place: &Place, name: &str, overlap: &str) {
    let path = repository("src/connect/poll/presets").join(format!("{name}.toml"));
    let shipped = std::fs::read_to_string(path).expect("a preset");
    let ages: Vec<String> = (1..=250).map(|step| format!("\"{}s\"", 2 * step)).collect();
    let text: String = shipped
        .lines()
        .map(|line| match line.split_once(" = ") {
            Some(("ages", _)) => format!("ages = [{}]\n", ages.join(",")),
            Some(("overlap", _)) => format!("overlap = \"{overlap}\"\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    assert!(
        text.contains(&ages[9]) && text.contains(&format!("overlap = \"{overlap}\"")),
        "{text}"
    );
    file(place.folder.path(), &format!("{name}.toml"), text);
}

#[test]
fn the_rest_api_of_a_blog_tells_articles_and_comments_and_what_is_edited_or_trashed_there() {
    let (place, blog) = (Place::new(), Blog::new());
    // Where the clock on the wall is not that of the API.
    blog.editor("update_option('timezone_string', 'Asia/Tokyo');");
    let kept = blog.publish("News of acme", "The new <b>crane</b> &amp; its ropes");
    let dropped = blog.publish("Gossip on acme", "Nobody knows");
    watchful(&place, "wordpress-posts", "6h");
    // Edits of comments are seen by asking again alone.
    watchful(&place, "wordpress-comments", "1s");
    let source = |name: &str| {
        format!(
            "[[source]]\nname = \"{name}\"\ntype = \"poll\"\npreset = \"wordpress-{name}.toml\"\n\
             interval = \"1s\"\nset = {{ site = \"{}\" }}\n",
            blog.url
        )
    };
    let config = config(&place, &(source("posts") + &source("comments")));
    let process = live(&config);
    let heard = |sql: &str, wanted: &str| wait_for_answer(&place.lake, sql, wanted);
    heard("SELECT count(*) FROM mentions WHERE kind = 'article'", "2");
    blog.comment(kept, "kim", "acme %26 sons never answer");
    blog.comment(kept, "roe", "acme is rude");
    blog.comment(dropped, "lee", "acme is doomed");
    let begun = Instant::now();
    heard("SELECT count(*) FROM mentions WHERE kind = 'comment'", "3");
    wait_for("three seconds", || (begun.elapsed().as_secs() >= 3).then_some(()));
    blog.comment(kept, "ann", "acme is fine");
    heard("SELECT count(*) FROM mentions WHERE kind = 'comment'", "4");

    let edit = "wp_update_comment(['comment_ID' => get_comments(['author_email' => 'kim@example.org'])[0]->comment_ID, \
                'comment_content' => 'acme & sons answered']);";
    blog.editor(edit);
    blog.editor(&format!(
        "wp_update_post(['ID' => {kept}, 'post_content' => 'The crane is late']);"
    ));
    heard("SELECT count(*) FROM mentions WHERE text = 'acme & sons answered'", "1");
    heard("SELECT count(*) FROM mentions WHERE text = 'News of acme\nThe crane is late'", "1");

    blog.editor("wp_trash_comment(get_comments(['author_email' => 'roe@example.org'])[0]);");
    // An article takes its comments with it.
    blog.editor(&format!("wp_trash_post({dropped});"));
    let before = blog.asked().len();
    for kind in ["posts", "comments"] {
        wait_for(&format!("{kind} asked for again, and a look after that"), || {
            let asked = blog.asked();
            let path = format!("/wp-json/wp/v2/{kind}?");
            let mut asked = asked.iter().skip(before).filter(|asked| asked.starts_with(&path));
            // One may have been on its way; two must find that nothing is there.
            asked.by_ref().filter(|asked| asked.contains("include=")).nth(2)?;
            asked.any(|asked| asked.contains("after=")).then_some(())
        });
    }
    assert_eq!(process.terminate(), Some(0));
    erase_what_was_replaced(&place.lake);
    assert_eq!(
        query(&place.lake, "SELECT kind, replace(text, chr(10), '|') FROM mentions ORDER BY text"),
        "article,News of acme|The crane is late\ncomment,acme & sons answered\ncomment,acme is fine"
    );
    let thread = "SELECT count(distinct thread) FROM mentions WHERE kind = 'comment'";
    assert_eq!(query(&place.lake, thread), "1");
    for (name, bytes) in everything(&place.lake) {
        for gone in ["acme is rude", "acme is doomed", "Nobody knows", "never answer", "ropes"] {
            let is_there = bytes.windows(gone.len()).any(|bytes| bytes == gone.as_bytes());
            assert!(!is_there, "{gone:?} is still in {name}");
        }
    }
}
