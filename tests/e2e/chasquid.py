"""A real chasquid, as Debian ships it, in a folder of its own; the relay beside it; and the mail that keeps it busy."""

import http.client
import json
import os
import smtplib
import socket
import ssl
import subprocess

import harness

RELAY = os.path.join(harness.BUILD, "subprojects", "chasquid-relay", "chasquid-relay")
DOMAIN = "testserver"
PASSWORD = "secret"


def get(address, path, timeout=20):
    """(status, body) of http://address/path."""
    connection = http.client.HTTPConnection(address, timeout=timeout)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


class Chasquid(harness.Program):
    def __init__(self, folder, outgoing_port=1):
        self.folder = folder
        self.outgoing_port = outgoing_port
        self.config = os.path.join(folder, "chasquid")
        self.logfile = os.path.join(folder, "chasquid-traces.log")
        self.ports = [harness.free_port() for _ in range(4)]
        self.smtp, self.submission, self.submission_tls, port = self.ports
        self.monitoring = f"127.0.0.1:{port}"
        if not os.path.exists(self.config):
            self.configure()
        self.start()

    def configure(self):
        certificates = os.path.join(self.config, "certs", DOMAIN)
        domain = os.path.join(self.config, "domains", DOMAIN)
        for path in (certificates, domain, os.path.join(self.config, "data")):
            os.makedirs(path)
        request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={DOMAIN}"]
        files = ["-keyout", f"{certificates}/privkey.pem", "-out", f"{certificates}/fullchain.pem"]
        subprocess.run([*request, *files], check=True, capture_output=True)
        with open(os.path.join(self.config, "chasquid.conf"), "w", encoding="utf-8") as conf:
            conf.write(
                f'hostname: "{DOMAIN}"\n'
                f'smtp_address: "127.0.0.1:{self.smtp}"\n'
                f'submission_address: "127.0.0.1:{self.submission}"\n'
                f'submission_over_tls_address: "127.0.0.1:{self.submission_tls}"\n'
                f'monitoring_address: "{self.monitoring}"\n'
                'mail_delivery_agent_bin: "/bin/true"\n'
                'mail_delivery_agent_args: "%to_user%"\n'
                f'data_dir: "{self.config}/data"\n'
                f'mail_log_path: "{self.folder}/mail.log"\n'
            )
        with open(os.path.join(domain, "aliases"), "w", encoding="utf-8") as aliases:
            aliases.write(
                "also: user\n"
                "pipe: | cat > /dev/null\n"
                "broken: | false\n"
                f"remote: someone@{socket.gethostname()}\n"
                "lost: someone@nowhere.invalid\n"
            )
        add = ["chasquid-util", f"--configdir={self.config}", "user-add", f"user@{DOMAIN}", f"--password={PASSWORD}"]
        subprocess.run(add, check=True, capture_output=True)

    def start(self):
        super().__init__(
            self.folder,
            "chasquid-output",
            [
                "chasquid",
                f"-config_dir={self.config}",
                f"-logfile={self.logfile}",
                "-v=3",
                f"-testing__outgoing_smtp_port={self.outgoing_port}",
            ],
        )
        harness.wait_until(lambda: self.is_listening(), "chasquid listens")

    def is_listening(self):
        if not self.is_running():
            raise AssertionError(f"chasquid ended:\n{self.log()}")
        for port in self.ports:
            with socket.create_connection(("127.0.0.1", port), timeout=5):
                pass
        return get(self.monitoring, "/")[0] == 200

    def get(self, path):
        status, body = get(self.monitoring, path)
        if status != 200:
            raise ValueError(f"chasquid answers {status} to {path}")
        return body

    def vars(self):
        return json.loads(self.get("/debug/vars"))

    def cpu_seconds(self):
        with open(f"/proc/{self.pid}/stat", encoding="ascii", errors="replace") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Relay(harness.Program):
    def __init__(self, folder, chasquid, ingest, *args, name="relay", **popen):
        url = chasquid if "://" in chasquid or chasquid.startswith("unix:") else f"http://{chasquid}"
        super().__init__(
            folder,
            name,
            [RELAY, f"--chasquid={url}", f"--ingest_socket={ingest}", "--interval=200ms", *args],
            **popen,
        )


# --- Mail ------------------------------------------------------------------------------------------------------------


def tls_context():
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def by_swaks(chasquid, *args):
    """swaks brings its own EHLO, STARTTLS and AUTH. Refused recipients make it exit with a status; that is wanted."""
    base = ["swaks", "--server", f"127.0.0.1:{chasquid.smtp}", "--from", "a@example.com", "--silent", "3"]
    subprocess.run([*base, *args], check=False, capture_output=True, timeout=60)


def by_curl(chasquid, recipient):
    mail = b"From: <a@example.com>\r\nSubject: curl\r\n\r\nHello.\r\n"
    command = ["curl", "--silent", "--show-error", f"smtp://127.0.0.1:{chasquid.smtp}/client.example", "--upload-file", "-"]
    command += ["--mail-from", "a@example.com", "--mail-rcpt", recipient]
    subprocess.run(command, check=True, capture_output=True, timeout=60, input=mail)


def by_smtplib(port, recipient, is_tls=False, login=None, sender="a@example.com", over_tls=False):
    """True: taken."""
    maker = smtplib.SMTP_SSL if over_tls else smtplib.SMTP
    options = {"context": tls_context()} if over_tls else {}
    with maker("127.0.0.1", port, timeout=30, **options) as client:
        try:
            client.ehlo("client.example")
            if is_tls:
                client.starttls(context=tls_context())
            if login:
                client.login(*login)
            client.sendmail(sender, [recipient], f"From: <{sender}>\r\nSubject: test\r\n\r\nHello.\r\n")
            return True
        except smtplib.SMTPException:
            return False


def say(port, *lines):
    """Lines as bytes, whatever they are; an answer is waited for after each."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.recv(4096)
        for line in lines:
            connection.sendall(line + b"\r\n")
            if not connection.recv(4096):
                return


HOSTILE_COMMANDS = [
    b"FOO bar",
    b"\x01\x02 hi",
    b'q"uo\\te x',
    b"\xc3\x91ANDU",
    b"\xff\xfe\xfd",
    b"<IMG> x",
    b"longverbindeed x",
]


def mixed_traffic(chasquid, remote=True):
    """Local, pipe, remote, refused, TLS, AUTH, unknown and foreign commands."""
    to = f"user@{DOMAIN}"
    by_swaks(chasquid, "--to", to)
    by_swaks(chasquid, "--to", to, "--tls")
    by_swaks(chasquid, "--to", f"nobody@{DOMAIN}")
    by_curl(chasquid, to)
    by_smtplib(chasquid.smtp, f"also@{DOMAIN}")
    by_smtplib(chasquid.smtp, f"pipe@{DOMAIN}", is_tls=True)
    by_smtplib(chasquid.smtp, f"broken@{DOMAIN}", sender=to)
    by_smtplib(chasquid.smtp, f"lost@{DOMAIN}")
    if remote:
        by_smtplib(chasquid.smtp, f"remote@{DOMAIN}")
    by_smtplib(chasquid.smtp, "x@elsewhere.example")
    by_smtplib(chasquid.submission, to, is_tls=True, login=(to, PASSWORD), sender=to)
    by_smtplib(chasquid.submission_tls, to, login=(to, PASSWORD), sender=to, over_tls=True)
    by_smtplib(chasquid.submission, to, is_tls=True, login=(to, "wrong"), sender=to)
    for command in HOSTILE_COMMANDS:
        say(chasquid.smtp, b"EHLO x", command, b"QUIT")
    say(chasquid.smtp, b"GET / HTTP/1.0")
    say(chasquid.smtp, b"EHLO x", b"NOOP", b"RSET", b"VRFY user", b"HELP", b"DATA", b"QUIT")


def totals(variables):
    """The counts: name or (name, label) to value."""
    return {key: n for key, n in harness.flatten(variables).items() if n}


def mail_variables(shown):
    """What a page of variables has beside quipu's and the relay's own."""
    return {name: value for name, value in shown.items() if not name.startswith(("quipu/", "relay/"))}
