//! A server does what the tests of others build on.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use orderhook_test_postgres::{
    DatabaseError, Server, TestDatabase, create_database, drop_database, ping,
};
use tokio_postgres::{Client, NoTls};

/// For tests that leave it as it is.
fn shared() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| Server::for_test(&[("work_mem", "7MB"), ("application_name", "it's")]))
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("connects");
    tokio::spawn(connection);
    client
}

async fn text(client: &Client, query: &str) -> String {
    client.query_one(query, &[]).await.expect("answers").get(0)
}

/// Waits for something that happens by itself.
async fn eventually(what: &str, happened: impl Fn() -> bool) {
    let mut interval = tokio::time::interval(Duration::from_millis(20));
    let wait = async {
        while !happened() {
            interval.tick().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), wait)
        .await
        .unwrap_or_else(|_| panic!("not within a minute: {what}"));
}

#[tokio::test]
async fn it_is_durable_unless_told_otherwise() {
    #[track_caller]
    fn check(shown: &str, expected: &str) {
        assert_eq!(shown, expected);
    }
    let client = connect(&shared().url()).await;
    check(&text(&client, "SHOW fsync").await, "on");
    check(&text(&client, "SHOW synchronous_commit").await, "on");
    check(&text(&client, "SHOW full_page_writes").await, "on");
    check(&text(&client, "SHOW data_checksums").await, "on");
    check(&text(&client, "SHOW server_encoding").await, "UTF8");
    check(&text(&client, "SHOW work_mem").await, "7MB");
    check(&text(&client, "SHOW application_name").await, "it's");
}

#[test]
fn it_asks_for_the_password_and_hides_it() {
    let server = shared();
    let url = server.url();
    let (_, secret) = url.rsplit_once("postgres:").expect("a user");
    let (secret, _) = secret.split_once('@').expect("a password");
    assert!(!format!("{server:?}").contains(secret), "{server:?}");
    let error = ping(&url.replace(secret, "guessed")).expect_err("wrong password");
    assert!(matches!(error, DatabaseError::Connect(_)), "{error:?}");
    ping(&url).expect("right password");
}

#[test]
fn a_setting_that_postgresql_refuses_is_reported_with_the_log() {
    let binaries = orderhook_test_postgres::Binaries::find().expect("programs");
    let error = Server::start(&binaries, &[("fsync", "perhaps")]).expect_err("no boolean");
    assert!(error.to_string().contains("requires a Boolean"), "{error}");
}

#[test]
fn it_runs_as_no_superuser_of_the_machine() {
    let server = shared();
    let process = format!("/proc/{}", server.pid().expect("it runs"));
    let runs_as = fs::metadata(process).expect("a process").uid();
    assert_ne!(runs_as, 0);
    let data = fs::metadata(server.data_dir()).expect("a directory");
    assert_eq!(data.uid(), runs_as);
}

#[test]
fn several_start_at_once() {
    let servers: Vec<Server> = thread::scope(|scope| {
        let starting: Vec<_> = (0..3)
            .map(|_| scope.spawn(|| Server::for_test(&[])))
            .collect();
        let started = starting.into_iter().map(|one| one.join().expect("starts"));
        started.collect()
    });
    for server in &servers {
        ping(&server.url()).expect("answers");
    }
}

#[tokio::test]
async fn what_was_committed_survives_an_immediate_restart() {
    let server = Server::for_test(&[]);
    let client = connect(&server.url()).await;
    let committed = "CREATE TABLE t (n int); INSERT INTO t VALUES (1)";
    client.batch_execute(committed).await.expect("writes");
    let pending = "BEGIN; INSERT INTO t VALUES (2)";
    client.batch_execute(pending).await.expect("writes");
    let pid = server.pid().expect("it runs");

    server.restart_immediate().expect("restarts");

    client.query("SELECT 1", &[]).await.expect_err("cut off");
    assert_ne!(server.pid().expect("it runs again"), pid);
    let client = connect(&server.url()).await;
    assert_eq!(text(&client, "SELECT sum(n)::text FROM t").await, "1");
    let log = server.log().expect("a log");
    assert!(log.contains("was not properly shut down"), "{log}");
}

#[tokio::test]
async fn nothing_is_answered_while_it_is_frozen() {
    let server = Server::for_test(&[]);
    let client = connect(&server.url()).await;
    text(&client, "SELECT 'before'").await;

    server.freeze().expect("freezes");
    let mut answer = Box::pin(text(&client, "SELECT 'after'"));
    let waited = tokio::time::timeout(Duration::from_millis(300), &mut answer).await;
    assert!(waited.is_err(), "answered {waited:?}");

    server.thaw().expect("thaws");
    assert_eq!(answer.await, "after");
}

#[tokio::test]
async fn the_time_of_connections_that_ended_is_counted() {
    let server = Server::for_test(&[]);
    let before = server.cpu_seconds().expect("measured");
    let client = connect(&server.url()).await;
    let work = "SELECT count(*)::text FROM generate_series(1, 2000000)";
    assert_eq!(text(&client, work).await, "2000000");
    let during = server.cpu_seconds().expect("measured");
    assert!(during > before, "{before} s, then {during} s");

    let backend = text(&client, "SELECT pg_backend_pid()::text").await;
    drop(client);
    let process = Path::new("/proc").join(backend);
    eventually("the connection's process ends", || !process.exists()).await;
    let after = server.cpu_seconds().expect("measured");
    assert!(after >= during, "{during} s, then {after} s");
}

#[test]
fn nothing_stays_behind() {
    #[track_caller]
    fn check(end: impl FnOnce(Server)) {
        let server = Server::for_test(&[]);
        let (data, url) = (server.data_dir(), server.url());
        end(server);
        assert!(!data.exists());
        ping(&url).expect_err("ended");
    }
    check(drop);
    check(|server| server.stop().expect("stops"));
    check(|server| {
        server.freeze().expect("freezes");
        drop(server);
    });
}

#[tokio::test]
async fn nothing_stays_behind_a_process_that_was_killed() {
    let mut process = Command::new(env!("CARGO_BIN_EXE_orderhook-test-postgres"))
        .stdout(Stdio::piped())
        .spawn()
        .expect("starts");
    let mut url = String::new();
    BufReader::new(process.stdout.take().expect("a pipe"))
        .read_line(&mut url)
        .expect("prints the address");
    let client = connect(url.trim_end()).await;
    let data = text(&client, "SHOW data_directory").await;

    process.kill().expect("kill -9");
    process.wait().expect("killed");

    eventually("the directory goes", || !Path::new(&data).exists()).await;
    ping(url.trim_end()).expect_err("ended");
}

#[tokio::test]
async fn each_test_has_a_database_of_its_own() {
    let (one, other) = (TestDatabase::create(), TestDatabase::create());
    for database in [&one, &other] {
        let client = connect(database.url()).await;
        client
            .batch_execute("CREATE TABLE t ()")
            .await
            .expect("new");
    }
    let url = one.url().to_owned();
    let _connected = connect(&url).await;
    drop(one);
    ping(&url).expect_err("dropped, although somebody was connected");
    ping(other.url()).expect("not dropped");
}

#[tokio::test]
async fn a_user_without_the_right_makes_no_database() {
    let server = shared();
    let client = connect(&server.url()).await;
    let role = "CREATE ROLE guest LOGIN PASSWORD 'guest'";
    client.batch_execute(role).await.expect("a role");
    let url = server.url();
    let (_, address) = url.split_once('@').expect("a user");
    let guest = format!("postgres://guest:guest@{address}");
    let error = create_database(&guest, "wish").expect_err("refused");
    assert!(matches!(error, DatabaseError::Refused { .. }), "{error:?}");

    let granted = server.create_database("granted").expect("the owner may");
    ping(&granted).expect("there it is");
    drop_database(&url, "granted").expect("and may take it away");
    ping(&granted).expect_err("gone");
}
