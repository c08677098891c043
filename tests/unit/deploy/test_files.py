"""Image, compose, Kubernetes and CI files: linted, pinned, unprivileged."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from core.settings import known_variables

ROOT = Path(__file__).resolve().parents[3]
TOOLS = Path(sys.executable).parent
YAML_FILES = [
    *(ROOT / name for name in ("docker-compose.yml", ".pre-commit-config.yaml", ".yamllint")),
    *sorted((ROOT / "deploy").rglob("*.y*ml")),
    *sorted((ROOT / ".github").rglob("*.yml")),
]


def tool(name: str) -> str:
    """A linter of the environment that runs the tests."""
    found = shutil.which(name, path=f"{TOOLS}:/usr/local/bin:/usr/bin")
    assert found, f"{name} is missing: install the dev extra"
    return found


def run(*command: str) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def documents(path: Path) -> list[dict[str, Any]]:
    return [d for d in yaml.safe_load_all(path.read_text()) if d]


def compose() -> dict[str, Any]:
    services: dict[str, Any] = documents(ROOT / "docker-compose.yml")[0]["services"]
    return services


def manifests() -> list[dict[str, Any]]:
    return [d for path in sorted((ROOT / "deploy/kubernetes").glob("*.yaml")) for d in documents(path)]


def pod_specs() -> Iterator[tuple[str, dict[str, Any]]]:
    for manifest in manifests():
        spec = manifest.get("spec", {})
        if manifest["kind"] == "Deployment":
            yield manifest["metadata"]["name"], spec["template"]["spec"]
        elif manifest["kind"] == "CronJob":
            yield manifest["metadata"]["name"], spec["jobTemplate"]["spec"]["template"]["spec"]


def images() -> list[str]:
    found = [s["image"] for s in compose().values() if "image" in s]
    found += [c["image"] for _, spec in pod_specs() for c in spec["containers"]]
    found += re.findall(r"^ARG BASE=(\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    return found


def pins(path: str) -> dict[str, str]:
    return dict(re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / path).read_text(), re.MULTILINE))


def test_hadolint_finds_nothing_in_the_dockerfile() -> None:
    run(tool("hadolint"), "Dockerfile")


def test_yamllint_finds_nothing_in_any_yaml_file() -> None:
    run(tool("yamllint"), "--strict", *(str(p) for p in YAML_FILES))


def test_every_image_is_pinned_to_a_version() -> None:
    assert len(images()) >= 8
    for image in images():
        assert re.search(r":[^:/]*\d[^:/]*(@sha256:[0-9a-f]{64})?$", image), image


def test_image_and_makefile_agree_on_versions() -> None:
    makefile = dict(re.findall(r"^(\w+) := (\S+)$", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert f"ARG UV_VERSION={makefile['UV_VERSION']}\n" in (ROOT / "Dockerfile").read_text()
    assert compose()["vllm"]["image"].endswith(f":v{makefile['VLLM_VERSION']}")


def test_compose_and_kubernetes_run_the_same_images() -> None:
    theirs = {c["image"] for _, spec in pod_specs() for c in spec["containers"]}
    assert theirs <= {s["image"] for s in compose().values()}


def test_the_image_ends_as_a_numbered_user_and_watches_its_health() -> None:
    text = (ROOT / "Dockerfile").read_text()
    users = re.findall(r"^USER (\S+)$", text, re.MULTILINE)
    assert users and re.fullmatch(r"[1-9]\d*:[1-9]\d*", users[-1])
    assert "/healthz" in text.partition("HEALTHCHECK")[2]
    assert re.search(r"^STOPSIGNAL SIGTERM$", text, re.MULTILINE)


def test_only_what_the_image_copies_enters_the_build() -> None:
    ignored = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    assert ignored[0] == "*"
    admitted = {line[1:].rstrip("/") for line in ignored if line.startswith("!")}
    copied: set[str] = set()
    for line in re.findall(r"^COPY (?!--from)(.+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE):
        copied |= set(line.split()[:-1])
    assert admitted == copied
    assert not admitted & {"mlops", "tests", "var", ".env", ".git", "deploy", "bench"}


def test_nothing_is_published_beyond_loopback() -> None:
    ports = [port for service in compose().values() for port in service.get("ports", [])]
    assert ports
    assert all(str(port).startswith("127.0.0.1:") for port in ports)


def test_no_compose_service_is_privileged() -> None:
    for name, service in compose().items():
        assert service["cap_drop"] == ["ALL"], name
        assert "no-new-privileges:true" in service["security_opt"], name
        assert not service.get("privileged") and service.get("network_mode") != "host", name
        assert service.get("read_only") or name == "vllm", name


def test_compose_provisions_dashboards_alerts_and_the_series_of_ingest() -> None:
    mounted = {v.partition(":")[0]: v.split(":")[1] for s in compose().values() for v in s.get("volumes", [])}
    assert mounted["./deploy/prometheus"] == "/etc/prometheus"
    provider = documents(ROOT / "deploy/grafana/provisioning/dashboards/files.yml")[0]["providers"][0]
    assert mounted["./deploy/grafana/dashboards"] == provider["options"]["path"]
    prometheus = documents(ROOT / "deploy/prometheus/prometheus.yml")[0]
    assert all((ROOT / "deploy/prometheus" / name).is_file() for name in prometheus["rule_files"])
    targets = [t for job in prometheus["scrape_configs"] for c in job.get("static_configs", []) for t in c["targets"]]
    assert {target.partition(":")[0] for target in targets} <= compose().keys()
    written = compose()["ingest"]["command"][compose()["ingest"]["command"].index("--metrics-file") + 1]
    assert f"{mounted['metrics']}/" in written
    assert f"--collector.textfile.directory={mounted['metrics']}" in compose()["node-exporter"]["command"]


def test_compose_refuses_to_start_without_keys() -> None:
    environment = compose()["anamnesis"]["environment"]
    for name in ("ANAMNESIS_SERVICE__API_KEYS", "ANAMNESIS_SERVICE__SESSION_SECRET"):
        assert environment[name].startswith(f"${{{name}:?"), name


def test_pods_are_locked_down_and_bounded() -> None:
    assert {name for name, _ in pod_specs()} == {"anamnesis", "anamnesis-ingest", "vllm"}
    for name, spec in pod_specs():
        assert spec["enableServiceLinks"] is False, name
        assert spec["automountServiceAccountToken"] is False, name
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        for container in spec["containers"]:
            locked = container["securityContext"]
            assert locked["readOnlyRootFilesystem"] is True, name
            assert locked["allowPrivilegeEscalation"] is False, name
            assert locked["capabilities"] == {"drop": ["ALL"]}, name
            assert {"cpu", "memory"} <= container["resources"]["requests"].keys(), name
            assert {"cpu", "memory"} <= container["resources"]["limits"].keys(), name


def test_the_service_is_probed_where_it_answers() -> None:
    container = dict(pod_specs())["anamnesis"]["containers"][0]
    assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"


def test_the_kustomization_lists_every_manifest() -> None:
    folder = ROOT / "deploy/kubernetes"
    listed = set(documents(folder / "kustomization.yaml")[0]["resources"])
    assert listed == {p.name for p in folder.glob("*.yaml")} - {"kustomization.yaml"}


def test_the_pods_of_the_ray_cluster_are_locked_down_like_the_others() -> None:
    job, policy = documents(ROOT / "deploy/kubernetes/ray/ingest.yaml")
    cluster = job["spec"]["rayClusterSpec"]
    groups = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]
    assert cluster["authOptions"] == {"mode": "token"}
    assert cluster["rayVersion"] == pins("requirements/constraints.txt")["ray"]
    for group in groups:
        spec = group["template"]["spec"]
        assert spec["enableServiceLinks"] is False and spec["automountServiceAccountToken"] is False
        assert spec["securityContext"]["runAsNonRoot"] is True
        labels = group["template"]["metadata"]["labels"]
        assert policy["spec"]["podSelector"]["matchLabels"].items() <= labels.items()
        for container in spec["containers"]:
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
            assert container["securityContext"]["readOnlyRootFilesystem"] is True
            mounts = {mount["name"]: mount for mount in container["volumeMounts"]}
            assert mounts["notes"]["readOnly"] is True
            assert mounts["index"].get("readOnly", False) == (group is not groups[0])


def test_every_claim_that_is_mounted_is_defined_or_documented() -> None:
    defined = {m["metadata"]["name"] for m in manifests() if m["kind"] == "PersistentVolumeClaim"}
    mounted = {
        volume["persistentVolumeClaim"]["claimName"]
        for _, spec in pod_specs()
        for volume in spec["volumes"]
        if "persistentVolumeClaim" in volume
    }
    assert mounted - defined == {"notes"}
    assert "claim `notes`" in (ROOT / "docs/operations.md").read_text()


def test_environment_variables_in_deploy_files_are_settings() -> None:
    named = {name for s in compose().values() for name in s.get("environment", {}) if name.startswith("ANAMNESIS")}
    named |= set(re.findall(r"\b(ANAMNESIS_\w+)=", (ROOT / "Dockerfile").read_text()))
    for _, spec in pod_specs():
        named |= {e["name"] for c in spec["containers"] for e in c.get("env", []) if e["name"].startswith("ANAMNESIS")}
    assert len(named) >= 9
    assert named <= known_variables().keys()


def test_ci_runs_the_commands_of_the_readme() -> None:
    script = (ROOT / ".ci/run").read_text()
    assert (ROOT / ".ci/run").stat().st_mode & 0o111
    assert "set -euo pipefail" in script
    commands = re.findall(r"^(make [\w-]+)", script, re.MULTILINE)
    assert commands == ["make check", "make test"]
    assert "make test" in (ROOT / "README.md").read_text()
    workflow = documents(ROOT / ".github/workflows/ci.yml")[0]
    assert {"run": ".ci/run"} in workflow["jobs"]["test"]["steps"]


@pytest.mark.parametrize(("failing", "called"), [("", ["check", "test"]), ("check", ["check"])])
def test_ci_stops_at_the_first_failure_and_waits_for_no_input(tmp_path: Path, failing: str, called: list[str]) -> None:
    make = tmp_path / "make"
    make.write_text(f'#!/bin/sh\ncat\necho "$1 $CI" >> {tmp_path}/calls\n[ "$1" != "{failing}" ]\n')
    make.chmod(0o755)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    with subprocess.Popen([ROOT / ".ci/run"], env=environment, stdin=subprocess.PIPE, cwd=tmp_path) as script:
        assert bool(script.wait(timeout=30)) == bool(failing)
    assert (tmp_path / "calls").read_text().splitlines() == [f"{target} true" for target in called]


def test_actions_are_pinned_by_commit() -> None:
    used = re.findall(r"uses: (\S+)", (ROOT / ".github/workflows/ci.yml").read_text())
    assert used
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action) for action in used)


def test_hooks_use_the_versions_of_the_project() -> None:
    repositories = documents(ROOT / ".pre-commit-config.yaml")[0]["repos"]
    wanted = [d for r in repositories for h in r["hooks"] for d in h.get("additional_dependencies", [])]
    constraints = pins("requirements/constraints.txt")
    assert wanted
    for dependency in wanted:
        name, _, version = dependency.partition("==")
        assert constraints[name] == version


@pytest.mark.parametrize("extra", ["vllm", "bench", "ray", "dev"])
def test_the_image_installs_no_extra(extra: str) -> None:
    text = (ROOT / "Dockerfile").read_text()
    assert f"--extra {extra}" not in text and f"[{extra}" not in text
