"""Prepares a running server for a fuzzing run, and writes the fuzzer's configuration.

Signs the demo agency's owner in, gathers the ids, slugs and public tokens that the lists of the API
show, and writes a schemathesis.toml in which the path parameters are mostly drawn from them, so
that the run gets past "not found". Needs nothing but Python's standard library.

Usage: fuzz_setup.py BASE_URL OWNER_EMAIL AGENCY_SLUG OUTPUT
"""

import json
import re
import sys
import time
import urllib.error
import urllib.request


class Api:
    """The server, as one caller sees it."""

    def __init__(self, base):
        self.base = base
        self.token = None

    def call(self, method, path, body=None):
        """Returns the status and the JSON of an answer (None where there is none)."""
        request = urllib.request.Request(self.base + path, method=method)
        if body is not None:
            request.add_header("Content-Type", "application/json")
            request.data = json.dumps(body).encode()
        if self.token:
            request.add_header("Authorization", f"Bearer {self.token}")
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                status, data = answer.status, answer.read()
        except urllib.error.HTTPError as refusal:
            status, data = refusal.code, refusal.read()
        try:
            return status, json.loads(data)
        except ValueError:
            return status, None

    def sign_in(self, email):
        """Signs in with the link from the development inbox."""
        self.call("POST", "/api/v1/auth/magic-link", {"email": email})
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            _, mails = self.call("GET", "/dev/mail.json")
            mails = mails["data"] if isinstance(mails, dict) else mails
            for mail in mails or []:
                found = re.search(r"/auth/magic-link\?token=([\w-]+)", json.dumps(mail))
                if found and mail["to"] == email:
                    body = {"token": found.group(1)}
                    status, tokens = self.call("POST", "/api/v1/auth/magic-link/verify", body)
                    if status == 200:
                        self.token = tokens["access_token"]
                        return
            time.sleep(0.2)
        sys.exit(f"no sign-in link for {email} within 30 seconds")


def gather(api, document, slug):
    """Values for path parameters: by name, what the lists show."""
    values = {}
    for path in document["paths"]:
        parts = path.split("/")
        for place, part in enumerate(parts):
            named = re.fullmatch(r"\{(\w+)\}", part)
            if not named or named.group(1) == "agency_slug":
                continue
            collection = "/".join(parts[:place])
            if "get" not in document["paths"].get(collection, {}):
                continue
            if "{" in collection.replace("{agency_slug}", ""):
                continue
            status, page = api.call("GET", collection.replace("{agency_slug}", slug))
            rows = page.get("data", []) if status == 200 and isinstance(page, dict) else []
            known = values.setdefault(named.group(1), [])
            new = [row["id"] for row in rows if "id" in row and row["id"] not in known]
            known += new
            # The public link of a document is shown with the document alone.
            for one in new[:5]:
                _, detail = api.call("GET", f"{collection.replace('{agency_slug}', slug)}/{one}")
                link = detail.get("public_url") if isinstance(detail, dict) else None
                if link:
                    values.setdefault("token", []).append(link.rsplit("/", 1)[-1])
    return {name: found for name, found in values.items() if found}


def configuration(token, slug, values):
    """The fuzzer's configuration as TOML."""
    lines = [
        "headers = { " + f"Authorization = {json.dumps('Bearer ' + token)}" + " }",
        "",
        "[parameters]",
        f'"path.agency_slug" = {json.dumps(slug)}',
    ]
    for name in sorted(values):
        lines.append(f'"path.{name}" = {{ dictionary = "{name}", probability = 0.8 }}')
    for name in sorted(values):
        lines += ["", f"[dictionaries.{name}]", f"values = {json.dumps(values[name])}"]
    return "\n".join(lines) + "\n"


def main():
    base, email, slug, output = sys.argv[1:]
    api = Api(base)
    api.sign_in(email)
    status, document = api.call("GET", "/openapi.json")
    if status != 200:
        sys.exit(f"/openapi.json answered {status}")
    values = gather(api, document, slug)
    with open(output, "w", encoding="utf-8") as file:
        file.write(configuration(api.token, slug, values))
    counts = ", ".join(f"{len(found)} {name}" for name, found in sorted(values.items()))
    print(f"signed in as {email}; drawing from {counts}")


if __name__ == "__main__":
    main()
