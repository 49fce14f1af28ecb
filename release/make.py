"""Makes the files of a release in target/release-files: `make release` calls this.

    python3 release/make.py              everything: half an hour on two cores
    python3 release/make.py templates    only the templates and the script: no build, no tool besides Python
    python3 release/make.py version      prints the version

The same commit makes the same bytes, wherever and whenever it is built, if the Rust of rust-toolchain.toml and the
packages of release/requirements.txt build it:

* No path of the machine is in a binary: --remap-path-prefix.
* No time is in a file: zips have the day on which ZIP begins, the SBOM the time of the commit.
* The cross compiler is zig, of that list of packages, so no C compiler or library of the machine takes part.

Needs only Python's standard library.
"""

import hashlib
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "target/release-files"
NAME = "iam-security-alert"
TOOL = "iam-security-alert-tool"

#: By what Lambda calls it: what Rust calls it.
ARCHITECTURES = {"arm64": "aarch64-unknown-linux-gnu", "x86_64": "x86_64-unknown-linux-gnu"}

#: The first day that a zip can have.
NO_TIME = (1980, 1, 1, 0, 0, 0)

#: "CloudFormation quotas": the template of a stack set that is not in a bucket, in bytes.
TEMPLATE_BODY = 51200

#: The names of the templates beside the main one.
OTHER_TEMPLATES = {"organization/member.yaml": f"{NAME}-member.yaml", "organization/region.yaml": f"{NAME}-region.yaml"}

SAM_FUNCTION = """\
    Type: AWS::Serverless::Function
    Metadata:
      BuildMethod: rust-cargolambda
"""
MEMBERS = """\
      # SAM uploads the file. It has no transform: a stack set of an organization cannot run one.
      TemplateURL: organization/member.yaml
"""
PARAMETERS = """\
  CodeBucket:
    Type: String
    Description: >-
      The S3 bucket with the zip of the function. It must be in the region of the stack.
    AllowedPattern: '^[a-z0-9][a-z0-9.-]{{1,61}}[a-z0-9]$'
    ConstraintDescription: must be the name of an S3 bucket.
  CodeKey:
    Type: String
    Description: >-
      The key of the zip in that bucket. Empty: {name}/{version}/{name}- with the Architecture and .zip.
    Default: ''
    MaxLength: 1024
"""
CONDITION = "  CodeHasAKey: !Not [!Equals [!Ref CodeKey, '']]\n"
CODE = """\
      Code:
        S3Bucket: !Ref CodeBucket
        S3Key: !If
          - CodeHasAKey
          - !Ref CodeKey
          - !Sub {name}/{version}/{name}-${{Architecture}}.zip
"""
ARCHITECTURE = """\
      Processor architecture of the function. sam build compiles for this architecture, so give the same value to
      sam build and sam deploy: --parameter-overrides Architecture=arm64.
    Default: x86_64
"""
RELEASED_ARCHITECTURE = """\
      Processor architecture of the function. The zip must be for the same one. arm64 is cheaper.
    Default: arm64
"""


def version():
    """The version of the package: it stands in Cargo.toml and nowhere else."""
    return re.search(r'^version = "(.+)"$', (ROOT / "Cargo.toml").read_text(), re.MULTILINE)[1]


def replaced(text, old, new):
    """The text with the one occurrence of `old` replaced: another number of them is a template that this does not know."""
    if text.count(old) != 1:
        sys.exit(f"release: template.yaml has {text.count(old)} times what it must have once:\n{old}")
    return text.replace(old, new)


def released_template():
    """template.yaml without SAM: the function comes from a bucket, the template of the members is in it."""
    member = (ROOT / "organization/member.yaml").read_text()
    if len(member.encode()) > TEMPLATE_BODY:
        sys.exit("release: organization/member.yaml is too long to stand in a template")
    names = {"name": NAME, "version": version()}
    text = (ROOT / "template.yaml").read_text()
    text = replaced(text, "Transform: AWS::Serverless-2016-10-31\n", f"# Version {version()}, made of template.yaml.\n")
    text = replaced(text, "Description: >-\n  Sends an alert", f"Description: >-\n  {NAME} {version()}. Sends an alert")
    text = replaced(text, "\nParameters:\n", "\nParameters:\n" + PARAMETERS.format(**names))
    text = replaced(text, "      - Label: { default: Recipients }\n",
                    "      - Label: { default: The zip of the function }\n        Parameters: [CodeBucket, CodeKey]\n"
                    "      - Label: { default: Recipients }\n")
    text = replaced(text, "\nConditions:\n", "\nConditions:\n" + CONDITION)
    text = replaced(text, ARCHITECTURE, RELEASED_ARCHITECTURE)
    text = replaced(text, SAM_FUNCTION, "    Type: AWS::Lambda::Function\n")
    text = replaced(text, "      CodeUri: .\n", CODE.format(**names))
    for source, name in OTHER_TEMPLATES.items():
        text = text.replace(f"--template-file {source}", f"--template-file {name}")
    body = "".join(f"        {line}\n" if line else "\n" for line in member.splitlines())
    return replaced(text, MEMBERS, f"      # organization/member.yaml\n      TemplateBody: |\n{body}")


def templates():
    """Writes the templates and the script that deploys them. Needs no build."""
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / f"{NAME}.yaml").write_text(released_template())
    for source, name in OTHER_TEMPLATES.items():
        (OUT / name).write_text((ROOT / source).read_text())
    script = OUT / "deploy.sh"
    script.write_text(replaced((ROOT / "release/deploy.sh").read_text(), "version=unreleased\n", f"version={version()}\n"))
    script.chmod(0o755)


def pack(path, files):
    """Writes a zip that depends on nothing but the contents: `files` has names, and bytes with their permissions."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for name, (content, mode) in sorted(files.items()):
            entry = zipfile.ZipInfo(name, NO_TIME)
            entry.create_system = 3  # Unix, so that the permissions count
            entry.external_attr = (0o100000 | mode) << 16
            packed.writestr(entry, content, zipfile.ZIP_DEFLATED)


def environment():
    """The variables of every build."""
    home = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo"))
    # The crates, wherever this cargo unpacked them, and the project. The last one that fits counts.
    sources = sorted((home / "registry/src").glob("*"))
    prefixes = [(source, "/registry") for source in sources] + [(ROOT, "/project")]
    flags = [f"--remap-path-prefix={source}={name}" for source, name in prefixes]
    epoch = subprocess.check_output(["git", "log", "-1", "--format=%ct"], cwd=ROOT, text=True).strip()
    return os.environ | {"CARGO_ENCODED_RUSTFLAGS": "\x1f".join(flags), "SOURCE_DATE_EPOCH": epoch}


def run(*command):
    print("+", *command, flush=True)
    subprocess.run(command, cwd=ROOT, env=environment(), check=True)


def build(architecture):
    """Builds the function and the tool for an architecture."""
    target = ARCHITECTURES[architecture]
    out = ROOT / "target/lambda-release" / architecture
    lambda_build = ["cargo", "lambda", "build", "--locked", "--target", target, "--lambda-dir", str(out)]
    run(*lambda_build, "--release", "--bin", NAME)
    bootstrap = (out / NAME / "bootstrap").read_bytes()
    licence = (ROOT / "LICENSE").read_bytes()
    pack(OUT / f"{NAME}-{architecture}.zip", {"bootstrap": (bootstrap, 0o755), "LICENSE": (licence, 0o644)})
    run(*lambda_build, "--profile", "tool", "--example", TOOL)
    tool = (out / TOOL / "bootstrap").read_bytes()
    pack(OUT / f"{TOOL}-linux-{architecture}.zip", {TOOL: (tool, 0o755), "LICENSE": (licence, 0o644)})


def materials(architecture):
    """Writes the software bill of materials: every crate in the function, with its version, licence and hash."""
    run("cargo", "cyclonedx", "--quiet", "--format", "json", "--spec-version", "1.5", "--describe", "binaries",
        "--no-build-deps", "--target", ARCHITECTURES[architecture])
    written = ROOT / f"{NAME}_bin.cdx.json"
    # The project has the path of the machine as its name there.
    text = written.read_text().replace(ROOT.as_uri(), "file:///project")
    written.unlink()
    (OUT / f"{NAME}-{architecture}.cdx.json").write_text(text)


def terraform():
    """Packs the Terraform module, with what it reads."""
    files = [path for path in (ROOT / "terraform").rglob("*") if path.is_file() and path.suffix in (".tf", ".md", ".yaml")]
    packed = {f"{NAME}/{path.relative_to(ROOT)}": (path.read_bytes(), 0o644) for path in files}
    pack(OUT / f"{NAME}-terraform.zip", packed)


def demo():
    """Draws the page with the mails of an intrusion."""
    subprocess.run(["make", "demo"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    (OUT / "demo.html").write_bytes((ROOT / "target/demo.html").read_bytes())


def notes():
    """Writes what CHANGELOG says of this version: the text of the release."""
    chapters = re.split(r"^## ", (ROOT / "CHANGELOG.md").read_text(), flags=re.MULTILINE)
    for heading in (f"[{version()}]", "[Unreleased]"):
        for chapter in chapters:
            if chapter.startswith(heading):
                (OUT / "NOTES.md").write_text("## " + chapter.strip() + "\n")
                return
    sys.exit(f"release: CHANGELOG.md has no chapter of {version()}")


def checksums():
    """Writes the SHA-256 of every file, as `sha256sum --check` reads them."""
    files = sorted(path for path in OUT.iterdir() if path.name != "SHA256SUMS")
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files]
    (OUT / "SHA256SUMS").write_text("".join(lines))


def main():
    match sys.argv[1:]:
        case ["version"]:
            print(version())
        case ["templates"]:
            templates()
        case []:
            for path in OUT.glob("*"):
                path.unlink()
            templates()
            run("cargo", "fetch", "--locked")
            for architecture in ARCHITECTURES:
                build(architecture)
                materials(architecture)
            terraform()
            demo()
            notes()
            checksums()
            print((OUT / "SHA256SUMS").read_text(), end="")
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
