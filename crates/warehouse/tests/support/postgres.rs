//! A PostgreSQL server of the test's own, from Debian's binaries.

use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use postgres::{Client, NoTls};
use tempfile::TempDir;

pub(crate) const PASSWORD: &str = "s3cret";

/// The name, besides `localhost`, that the server's certificate is for.
pub(crate) const NAMED: &str = "warehouse.test";

/// Keeps the server while its standard input is open, which it is while the test's process lives: however that ends, the
/// server ends too, and takes its files with it.
const KEEPER: &str = r#"
    exec 3<&0
    "$1/postgres" -D "$2/data" >"$2/log" 2>&1 </dev/null 3<&- &
    server=$!
    (read -r _ <&3; kill -INT $server) 2>/dev/null &
    wait $server || cat "$2/log" >&2
    rm -rf "$2"
"#;

/// A server on a free port of 127.0.0.1 that asks for passwords (SCRAM) and offers TLS.
///
/// The user `etl` may come as it likes, `careful` only encrypted, `hashed` by MD5, `spoken` by saying the password, `shown` by a
/// certificate; the password of all is [`PASSWORD`]. The rules know a user `stranger` whom the server does not.
pub(crate) struct Server {
    port: u16,
    keeper: Child,
    dir: TempDir,
}

impl Server {
    pub(crate) fn start() -> Self {
        // Another process may take a port between its choice and its use.
        (0..3).find_map(|_| Self::try_start()).expect("the server does not start: see the log above")
    }

    /// The URL of a database for the user `etl`.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://etl:{PASSWORD}@127.0.0.1:{}/{database}", self.port)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// A plain session of the user `etl`, beside what is tested.
    pub(crate) fn client(&self) -> Client {
        Client::connect(&self.url("postgres"), NoTls).unwrap()
    }

    /// The lines that psql prints for a query, without heads and alignment.
    pub(crate) fn psql(&self, sql: &str) -> Vec<String> {
        // A line's end within a value is no line's end.
        let arguments = ["-X", "-A", "-t", "-q", "-R", "\x1e", "-c", "SET TIME ZONE 'UTC'", "-c", sql];
        let output = Command::new(program("psql")).args(arguments).arg(self.url("postgres")).output().unwrap();
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        text.trim_end_matches('\n').split('\x1e').map(str::to_owned).collect()
    }

    /// Waits until the server has ended all sessions, this one among them, and takes new ones.
    pub(crate) fn wait_until_recovered(&self, mut session: Client) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while session.simple_query("").is_ok() || Client::connect(&self.url("postgres"), NoTls).is_err() {
            assert!(Instant::now() < deadline, "the server does not recover");
            sleep(Duration::from_millis(50));
        }
    }

    pub(crate) fn ca_file(&self) -> PathBuf {
        self.dir.path().join("ca.crt")
    }

    /// A file of a client's certificate or key.
    pub(crate) fn client_file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// An authority that signed no server's certificate.
    pub(crate) fn other_ca_file(&self) -> PathBuf {
        self.dir.path().join("other.crt")
    }

    fn try_start() -> Option<Self> {
        let user = Owner::find();
        let dir = tempfile::Builder::new().prefix("refit-postgres-").tempdir().unwrap();
        user.own(dir.path());
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let bin = binaries();
        certificates(&user, dir.path());
        initialise(&user, &bin, dir.path(), port);
        let mut keeper = user.command("sh");
        keeper.arg("-c").arg(KEEPER).arg("keeper").arg(&bin).arg(dir.path());
        let keeper = keeper.stdin(Stdio::piped()).spawn().unwrap();
        let mut server = Self { port, keeper, dir };
        server.is_ready().then_some(server)
    }

    fn is_ready(&mut self) -> bool {
        let deadline = Instant::now() + Duration::from_secs(60);
        while Instant::now() < deadline && self.keeper.try_wait().unwrap().is_none() {
            if let Ok(mut client) = Client::connect(&self.url("postgres"), NoTls) {
                client.batch_execute(&roles()).unwrap();
                return true;
            }
            sleep(Duration::from_millis(50));
        }
        false
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// Who runs the server: it refuses root, so for root Debian's user does.
struct Owner(Option<(u32, u32)>);

impl Owner {
    fn find() -> Self {
        let id = |arguments: &[&str]| -> Option<u32> {
            let output = Command::new("id").args(arguments).output().unwrap();
            String::from_utf8(output.stdout).unwrap().trim().parse().ok()
        };
        if id(&["-u"]) != Some(0) {
            return Self(None);
        }
        let (user, group) = (id(&["-u", "postgres"]), id(&["-g", "postgres"]));
        Self(Some(user.zip(group).expect("there is no user postgres: apt-get install postgresql")))
    }

    fn own(&self, path: &Path) {
        if let Self(Some((user, group))) = self {
            chown(path, Some(*user), Some(*group)).unwrap();
        }
    }

    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        if let Self(Some((user, group))) = self {
            command.uid(*user).gid(*group);
        }
        command.current_dir("/").env("LC_ALL", "C.UTF-8");
        command
    }
}

/// One of the programs that come with the server.
pub(crate) fn program(name: &str) -> PathBuf {
    binaries().join(name)
}

fn binaries() -> PathBuf {
    let configured = Command::new("pg_config").arg("--bindir").output().ok();
    let configured = configured.map(|output| PathBuf::from(String::from_utf8(output.stdout).unwrap().trim()));
    let installed = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let installed = installed.map(|version| version.unwrap().path().join("bin"));
    configured
        .into_iter()
        .chain(installed)
        .find(|bin| bin.join("initdb").exists())
        .expect("there is no initdb: apt-get install postgresql")
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn initialise(user: &Owner, bin: &Path, dir: &Path, port: u16) {
    let password = dir.join("password");
    fs::write(&password, PASSWORD).unwrap();
    let mut initdb = user.command(bin.join("initdb"));
    initdb.args(["--username=etl", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]);
    run(initdb.arg("--pwfile").arg(&password).arg("-D").arg(dir.join("data")));
    fs::write(
        dir.join("data/pg_hba.conf"),
        "host all etl,stranger 127.0.0.1/32 scram-sha-256\nhostssl all careful 127.0.0.1/32 scram-sha-256\n\
         host all hashed 127.0.0.1/32 md5\nhost all spoken 127.0.0.1/32 password\nhostssl all shown 127.0.0.1/32 cert\n",
    )
    .unwrap();
    let mut settings = fs::OpenOptions::new().append(true).open(dir.join("data/postgresql.conf")).unwrap();
    let dir = dir.display();
    writeln!(
        settings,
        "port = {port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\nfsync = off\ntemp_file_limit = '1GB'\nssl = on\n\
         ssl_cert_file = '{dir}/server.crt'\nssl_key_file = '{dir}/server.key'\nssl_ca_file = '{dir}/ca.crt'\n"
    )
    .unwrap();
}

fn roles() -> String {
    format!(
        "CREATE ROLE careful LOGIN PASSWORD '{PASSWORD}'; CREATE ROLE spoken LOGIN PASSWORD '{PASSWORD}';
         CREATE ROLE shown LOGIN; SET password_encryption TO md5; CREATE ROLE hashed LOGIN PASSWORD '{PASSWORD}'"
    )
}

/// Two authorities, and what the first one signed: a certificate for `localhost` and [`NAMED`], and one for the user `shown`.
fn certificates(user: &Owner, dir: &Path) {
    let openssl = |arguments: &str| run(user.command("openssl").args(arguments.split(' ')).current_dir(dir));
    const KEY: &str = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    fs::write(dir.join("names"), format!("subjectAltName=DNS:localhost,DNS:{NAMED}\n")).unwrap();
    for name in ["ca", "other"] {
        openssl(&format!("req -x509 {KEY} -days 30 -subj /CN=refit-{name} -keyout {name}.key -out {name}.crt"));
    }
    for (name, subject) in [("server", "localhost"), ("shown", "shown")] {
        openssl(&format!("req {KEY} -subj /CN={subject} -keyout {name}.key -out {name}.csr"));
        openssl(&format!(
            "x509 -req -in {name}.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -extfile names -out {name}.crt"
        ));
    }
}
