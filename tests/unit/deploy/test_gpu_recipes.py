"""The parameters for each GPU are ones that vLLM knows, and are the same wherever they are written."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.vllm import serve
from deploy.vllm.recipe import FOLDER, names, recipe_for
from deploy.vllm.serve import on_gpu

ROOT = Path(__file__).resolve().parents[3]
PARSE = """
import json, sys
from deploy.vllm import cpu_server
from vllm.entrypoints.launchers.cli_args import make_arg_parser
from vllm.utils.argparse_utils import FlexibleArgumentParser
for path in sys.argv[1:]:
    parsed = vars(make_arg_parser(FlexibleArgumentParser()).parse_args(["--config", path]))
    print(json.dumps({key: value for key, value in parsed.items() if isinstance(value, str | int | float)}))
"""


def recipe(name: str) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((FOLDER / f"{name}.yaml").read_text())
    return read


@pytest.mark.parametrize(
    ("gpu", "name"),
    [
        ("NVIDIA L4", "l4"),
        ("NVIDIA A100-SXM4-80GB", "a100"),
        ("NVIDIA H100 80GB HBM3", "h100"),
        ("NVIDIA H200", "h100"),
        ("NVIDIA GH200 480GB", "h100"),
    ],
)
def test_a_gpu_is_known_by_the_name_its_driver_gives(gpu: str, name: str) -> None:
    assert recipe_for(gpu) == FOLDER / f"{name}.yaml"


@pytest.mark.parametrize("gpu", ["Tesla T4", "NVIDIA L40000", "NVIDIA A10G", "AMD MI300X", ""])
def test_an_unknown_gpu_has_no_recipe(gpu: str) -> None:
    assert recipe_for(gpu) is None


def test_a_recipe_takes_the_place_of_the_plain_flags_and_extra_flags_come_last() -> None:
    launch = on_gpu("m", name="n", host="h", port=1, extra=("--max-num-seqs", "8"), recipe=FOLDER / "l4.yaml")
    assert launch.command[-4:] == ("--config", str(FOLDER / "l4.yaml"), "--max-num-seqs", "8")
    assert "--enable-prefix-caching" not in launch.command
    assert "--enable-prefix-caching" in on_gpu("m", name="n", host="h", port=1).command


@pytest.mark.skipif(importlib.util.find_spec("vllm") is None, reason="the vllm extra is not installed")
def test_vllm_itself_reads_every_recipe() -> None:
    files = [str(FOLDER / f"{name}.yaml") for name in names()]
    done = subprocess.run([sys.executable, "-c", PARSE, *files], cwd=ROOT, capture_output=True, text=True, check=True)
    parsed = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert len(parsed) == len(files) == 3
    for name, found in zip(names(), parsed, strict=True):
        for key, value in recipe(name).items():
            if key != "structured-outputs-config":
                assert found[key.replace("-", "_")] == value, (name, key)


def test_kubernetes_has_the_flags_of_the_recipe_it_names() -> None:
    deployment = next(yaml.safe_load_all((ROOT / "deploy/kubernetes/vllm.yaml").read_text()))
    args = deployment["spec"]["template"]["spec"]["containers"][0]["args"][1:]
    flags = dict(arg.removeprefix("--").partition("=")[::2] for arg in args)
    given = {key: yaml.safe_load(value) if value else True for key, value in flags.items()}
    expected = recipe("h100")
    expected["structured-outputs-config"] = json.loads(expected["structured-outputs-config"])
    assert given == expected


def test_compose_mounts_the_recipes_where_its_command_looks_for_them() -> None:
    service = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["vllm"]
    assert "./deploy/vllm/gpu:/etc/vllm:ro" in service["volumes"]
    chosen = next(arg for arg in service["command"] if arg.startswith("--config="))
    assert chosen == "--config=/etc/vllm/${VLLM_RECIPE:-h100}.yaml" and "h100" in names()


def test_the_page_on_gpus_tells_the_values_of_the_recipes() -> None:
    rows = [line.split("|")[1:5] for line in (ROOT / "docs/gpu.md").read_text().splitlines() if line.startswith("| `")]
    table = {row[0].strip(" `"): [cell.strip() for cell in row[1:]] for row in rows}
    for key in ("dtype", "kv-cache-dtype", "gpu-memory-utilization", "max-model-len", "max-num-seqs"):
        assert table[key] == [str(recipe(name)[key]) for name in ("l4", "a100", "h100")], key
    assert table["max-num-batched-tokens"] == ["2048", "8192", "16384"]
    assert [recipe(n)["max-num-batched-tokens"] for n in ("l4", "a100", "h100")] == [2048, 8192, 16384]
    assert [recipe(n).get("quantization", "–") for n in ("l4", "a100", "h100")] == table["quantization"]


@pytest.mark.parametrize("installed", [True, False])
def test_a_recipe_without_a_gpu_is_refused_rather_than_the_processor_taken(
    installed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(serve, "GPU_COMMAND", Path(sys.executable) if installed else tmp_path / ".venv-vllm")
    monkeypatch.setattr(serve, "nvidia_gpu", lambda: "" if installed else "NVIDIA H100")
    monkeypatch.setattr(sys, "argv", ["serve", "--recipe", "h100"])
    monkeypatch.setattr("os.execve", lambda *_: pytest.fail("a server was started"))
    with pytest.raises(SystemExit) as end:
        serve.main()
    told = capsys.readouterr().err
    assert end.value.code == 2
    assert "--recipe" in told and ("nvidia-smi" if installed else ".venv-vllm") in told
