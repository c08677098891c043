"""Which model server a machine gets."""

from pathlib import Path

import pytest

import deploy.local.model
import deploy.vllm.hardware
from core.settings import LLMSettings
from deploy.local.model import plan_model
from deploy.vllm.hardware import available_bytes, has_nvidia_gpu, why_no_cpu_model
from deploy.vllm.serve import on_cpu, on_gpu

LLAMA = "meta-llama/Llama-3.1-8B-Instruct"


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A machine without a GPU on which the CPU build runs, unless a test changes it."""
    monkeypatch.setattr(deploy.local.model, "has_nvidia_gpu", lambda: False)
    monkeypatch.setattr(deploy.local.model, "why_no_cpu_model", lambda: None)
    return monkeypatch


def test_a_named_server_is_used_and_none_is_started(machine: pytest.MonkeyPatch) -> None:
    plan = plan_model(LLMSettings(url="http://gpu:8000/v1"))
    assert plan.steps == ()
    assert plan.environment == {}


def test_without_a_gpu_the_embedded_model_is_served_on_the_cpu(machine: pytest.MonkeyPatch) -> None:
    plan = plan_model(LLMSettings(model=LLAMA))
    assert [step.command[-2] for step in plan.steps] == ["--out", "--port"]
    assert plan.environment["ANAMNESIS_LLM__URL"] == plan.url
    assert plan.environment["ANAMNESIS_LLM__MODEL"] == ""
    assert LLAMA in plan.note
    assert plan.health == plan.url.removesuffix("/v1") + "/health"


def test_a_gpu_serves_the_named_llama(machine: pytest.MonkeyPatch) -> None:
    machine.setattr(deploy.local.model, "has_nvidia_gpu", lambda: True)
    plan = plan_model(LLMSettings(model=LLAMA))
    assert [step.doing for step in plan.steps] == ["installing vLLM for the GPU", f"loading {LLAMA}"]
    assert "ANAMNESIS_LLM__MODEL" not in plan.environment


def test_a_cpu_that_cannot_says_why(machine: pytest.MonkeyPatch) -> None:
    machine.setattr(deploy.local.model, "why_no_cpu_model", lambda: "needs AVX2")
    plan = plan_model(LLMSettings())
    assert plan.steps == ()
    assert plan.note.startswith("needs AVX2; summaries stay extractive")


def test_tells_what_the_cpu_lacks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    cpuinfo, meminfo = tmp_path / "cpuinfo", tmp_path / "meminfo"
    monkeypatch.setattr(deploy.vllm.hardware, "_CPUINFO", cpuinfo)
    monkeypatch.setattr(deploy.vllm.hardware, "_MEMINFO", meminfo)
    monkeypatch.setattr(deploy.vllm.hardware.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(deploy.vllm.hardware.platform, "system", lambda: "Linux")
    monkeypatch.setattr(deploy.vllm.hardware.importlib.util, "find_spec", lambda name: object())
    cpuinfo.write_text("flags\t\t: fpu sse4_2 avx\n")
    assert "AVX2" in str(why_no_cpu_model())
    cpuinfo.write_text("flags\t\t: fpu avx avx2\n")
    meminfo.write_text("MemTotal:       4000000 kB\nMemAvailable:    2097152 kB\n")
    assert "2.0 GB are free" in str(why_no_cpu_model())
    meminfo.write_text("MemAvailable:    20000000 kB\n")
    assert why_no_cpu_model() is None
    assert available_bytes(tmp_path / "none") is None


@pytest.mark.parametrize(
    ("answer", "found"), [("echo 'NVIDIA H100'", True), ("echo 'No devices were found'", False), ("exit 9", False)]
)
def test_believes_nvidia_smi(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, answer: str, found: bool) -> None:
    command = tmp_path / "nvidia-smi"
    command.write_text(f"#!/bin/sh\n{answer}\n")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert has_nvidia_gpu() is found


def test_both_servers_keep_the_prefix_cache_and_tell_cached_tokens() -> None:
    for launch in (on_cpu("m", name="n", host="127.0.0.1", port=1), on_gpu("m", name="n", host="127.0.0.1", port=1)):
        assert "--enable-prefix-caching" in launch.command
        assert "--enable-prompt-tokens-details" in launch.command
        assert launch.environment["VLLM_NO_USAGE_STATS"] == "1"
