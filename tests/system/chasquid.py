"""A real chasquid in the booted system, as Debian ships it, for the relay to stand beside."""

import os
import subprocess
import tempfile

DOMAIN = "testserver"
MONITORING = "127.0.0.1:1098"  # as /etc/default/chasquid-relay has it
CONFIGURATION = f"""hostname: "{DOMAIN}"
monitoring_address: "{MONITORING}"
mail_delivery_agent_bin: "/bin/true"
mail_delivery_agent_args: "%to_user%"
"""
# As chasquid-relay(8) advises, for whole traces.
DROP_IN = "[Service]\nExecStart=\nExecStart=/usr/bin/chasquid -v=3\n"
MAIL = f"""import smtplib
with smtplib.SMTP("127.0.0.1", 25, timeout=30) as client:
    client.sendmail("a@example.com", ["user@{DOMAIN}"], "Subject: hello\\r\\n\\r\\nhello\\r\\n")
"""


def install(box):
    """What apt says where it fails; else ''."""
    done = box.shell("apt-get install -y -q --no-install-recommends chasquid", check=False)
    if done.returncode != 0:
        return done.stdout + done.stderr
    certificates = f"/etc/chasquid/certs/{DOMAIN}"
    with tempfile.TemporaryDirectory() as folder:
        request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={DOMAIN}"]
        files = [os.path.join(folder, name) for name in ("privkey.pem", "fullchain.pem")]
        subprocess.run([*request, "-keyout", files[0], "-out", files[1]], check=True, capture_output=True)
        for path in files:
            with open(path, encoding="ascii") as file:
                box.put(f"{certificates}/{os.path.basename(path)}", file.read())
    box.put("/etc/chasquid/chasquid.conf", CONFIGURATION)
    box.put("/etc/systemd/system/chasquid.service.d/whole-traces.conf", DROP_IN)
    box.put("/opt/mail.py", MAIL)
    box.shell(
        f"mkdir -p /etc/chasquid/domains/{DOMAIN}; chasquid-util user-add user@{DOMAIN} --password=secret;"
        "chown -R chasquid:chasquid /etc/chasquid; systemctl daemon-reload;"
        "systemctl stop chasquid.service 'chasquid-*.socket'; systemctl reset-failed;"
        "systemctl start chasquid-smtp.socket chasquid-submission.socket chasquid-submission_tls.socket chasquid.service"
    )
    return ""


def remove(box):
    box.shell(
        "systemctl stop chasquid.service 'chasquid-*.socket'; apt-get purge -y -q chasquid;"
        "rm -rf /etc/chasquid /etc/systemd/system/chasquid.service.d; systemctl daemon-reload; systemctl reset-failed"
    )
