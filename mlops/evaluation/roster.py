"""Which tasks there are, and what each is handed."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path

from chains import SummaryChain, build_chain
from chains.attribution import find_support
from chains.models import ModelState, build_model, build_probe
from chains.verification import CHECKS, VERIFIER, Verifier, without
from chains.writing import writing_for
from core.errors import AnamnesisError, ModelUnavailable
from core.settings import EmbeddingSettings, LLMSettings, load_settings
from core.telemetry import Metrics
from deploy.vllm.embedded import ModelNotStarted, embedded_model
from deploy.vllm.hardware import why_no_cpu_model
from deploy.vllm.serve import EMBEDDED_NAME
from mlops.evaluation.charts import LedgerCharts, Phrasing, ledger_charts
from mlops.evaluation.own_data import read_archehr, read_longhealth, read_mimic_charts
from mlops.evaluation.records import TaskResult
from mlops.evaluation.run import MODELS, Crash, Profile
from mlops.evaluation.suite import Plan, Say
from mlops.evaluation.systems import ChainSystem, System, baselines, model_baselines
from mlops.evaluation.tasks import (
    abstention,
    aci_bench,
    evidence,
    injection,
    ledger_facts,
    mts_dialog,
    own_data,
    verifier_errors,
    writing_modes,
)
from vectorstore.embeddings import build_embeddings
from vectorstore.embeddings.base import LocalEmbeddings

OWN_DATA = ("mimic", "longhealth", "archehr")
ASIDE = (writing_modes.TASK,)
"""Tasks that run when they are named: they help to choose, and nothing is asked of their figures."""
TASKS = (
    "verifier_errors",
    "verifier_errors_aci",
    "mts_dialog",
    "aci_bench",
    "ledger_b",
    "ledger_a",
    "evidence_b",
    "evidence_a",
    "abstention_b",
    "injection",
    "injection_model",
    *OWN_DATA,
    *ASIDE,
)
NEED_DATA = frozenset({"verifier_errors_aci", "mts_dialog", "aci_bench"})
"""Tasks that need the public data sets."""
ASKING = frozenset({"aci_bench", "ledger_b", "ledger_a", "abstention_b", "injection_model", *OWN_DATA, *ASIDE})
"""Tasks that ask a language model where there is one."""
_SEEDS = {"a": 101, "b": 202}


@dataclass(frozen=True, slots=True)
class Size:
    """How much a profile takes; 0 visits or attacks are all there are.

    `charts` are synthetic charts by phrasing half, on `model_charts` of which a model is asked for handoffs, and of
    `asked_charts` of which questions are asked. `visits` are of ACI-Bench. The language model, which takes its time on
    two cores, sees `model_visits` of them and `model_attacks`.
    """

    charts: Mapping[str, int]
    model_charts: Mapping[str, int]
    asked_charts: int
    visits: int
    model_visits: int
    model_attacks: int


SIZES: Mapping[Profile, Size] = {
    "quick": Size({"a": 2, "b": 3}, {"a": 0, "b": 2}, 2, 8, 2, 2),
    "default": Size({"a": 10, "b": 24}, {"a": 0, "b": 3}, 8, 0, 4, 4),
    "full": Size({"a": 20, "b": 40}, {"a": 0, "b": 20}, 20, 0, 0, 0),
}
WRITTEN_CHARTS = 4
"""Charts of which handoffs are written in both modes, where the plan names no number."""
# What the embedded model's server takes; a larger model is held to the same, so that baselines compare.
WINDOW_TOKENS = 8192
# Nobody waits at a screen: the baseline that reads a whole chart takes minutes on a busy machine.
PATIENCE_S = 900.0


class UnknownCheck(AnamnesisError):
    """A check that was to be switched off does not exist."""

    code = "unknown_check"


class Roster:
    """The tasks of a plan. What several tasks need, models above all, is made once and when first asked for."""

    def __init__(self, plan: Plan, stack: ExitStack, say: Say) -> None:
        if unknown := sorted(set(plan.without_checks) - CHECKS.keys()):
            raise UnknownCheck(f"no such check: {', '.join(unknown)}; there are {', '.join(CHECKS)}")
        self._plan = plan
        self._stack = stack
        self._say = say
        self._models: Mapping[str, LLMSettings] = {}

    @property
    def verifier_name(self) -> str:
        """The version of the checks."""
        return VERIFIER

    @property
    def model_name(self) -> str:
        """The language model that answers, "" where none does."""
        return next((settings.model for settings in self._models.values()), "")

    def prepare(self, only: Sequence[str] = ()) -> tuple[Crash, ...]:
        """Have the language model ready where a task will ask it; a crash where it was to be had and is not.

        Raises:
            ModelUnavailable: the server at the plan's `model_url` does not answer.
        """
        if not set(only or TASKS) & ASKING:
            return ()
        if self._plan.model_url:
            self._models = {"model": _served(self._plan.model_url, self._plan.model_name)}
        elif self._plan.embedded and (reason := why_no_cpu_model()):
            self._say(f"embedded model: left out, {reason}")
        elif self._plan.embedded:
            self._say("embedded model: starting")
            try:
                url = self._stack.enter_context(embedded_model(self._plan.work / "vllm.log", self._say))
            except ModelNotStarted as e:
                return (Crash("embedded model", str(e).splitlines()[0]),)
            self._models = {"embedded": LLMSettings(url=url, model=EMBEDDED_NAME, timeout_s=PATIENCE_S)}
        return ()

    def tasks(self, only: Sequence[str] = ()) -> Mapping[str, Callable[[], TaskResult]]:
        """Tasks by name, those in `only` where it names any."""
        every: dict[str, Callable[[], TaskResult]] = {
            "verifier_errors": self._verifier_errors,
            "verifier_errors_aci": self._verifier_errors_aci,
            "aci_bench": self._aci_bench,
            "mts_dialog": self._mts_dialog,
            "abstention_b": lambda: self._abstention("b"),
            **{name: partial(self._own_data, name) for name in OWN_DATA},
            "injection": self._injection,
            "injection_model": self._injection_model,
            "ledger_a": lambda: self._ledger("a"),
            "ledger_b": lambda: self._ledger("b"),
            "evidence_a": lambda: self._evidence("a"),
            "evidence_b": lambda: self._evidence("b"),
            writing_modes.TASK: self._writing_modes,
        }
        # Data of the user's own are no gap where nobody named them.
        named = [n for n in TASKS if n not in ASIDE and (n not in OWN_DATA or getattr(self._plan, n))]
        return {name: every[name] for name in TASKS if (name in only if only else name in named)}

    @cached_property
    def _verifiers(self) -> Mapping[str, Verifier]:
        """The checks by themselves, as capable models meet them and as weak ones do."""
        checks = without(*self._plan.without_checks)
        return {
            "verifier": Verifier(policy="free", checks=checks),
            "verifier_close": Verifier(policy="close", checks=checks),
        }

    @cached_property
    def _chains(self) -> Mapping[str, SummaryChain]:
        """Our own systems by name: extractive, and one a model."""
        chains = {"extractive": self._chain(LLMSettings())}
        return chains | {name: self._chain(settings) for name, settings in self._models.items()}

    def _chain(self, settings: LLMSettings) -> SummaryChain:
        verifier = None
        if self._plan.without_checks:
            checks = without(*self._plan.without_checks)
            verifier = Verifier(policy=writing_for(settings).strictness, checks=checks)
        return build_chain(llm=build_model(settings), metrics=Metrics(), llm_settings=settings, verifier=verifier)

    def _folder(self, name: str) -> Path | None:
        """A folder of public data, None where it is not there."""
        folder = self._plan.data / name if self._plan.data else None
        return folder if folder and folder.is_dir() else None

    def _verifier_errors(self) -> TaskResult:
        return joined(
            verifier_errors.run(first_refusal=verifier.first_refusal, find_support=find_support, system=name)
            for name, verifier in self._verifiers.items()
        )

    def _verifier_errors_aci(self) -> TaskResult:
        """The trials made from clinicians' notes: a task of its own, since not everybody has them."""
        if (folder := self._folder("aci-bench")) is None:
            return absent("verifier_errors_aci", "aci-bench")
        found = joined(
            verifier_errors.run(first_refusal=verifier.first_refusal, aci_bench=folder, patients=1, system=name)
            for name, verifier in self._verifiers.items()
        )
        kept = tuple(o for o in found.observations if o.unit.startswith("aci-bench/"))
        shown = tuple(e for e in found.examples if e.unit.startswith("aci-bench/"))
        return replace(found, task="verifier_errors_aci", observations=kept, examples=shown)

    def _aci_bench(self) -> TaskResult:
        if (folder := self._folder("aci-bench")) is None:
            return absent("aci_bench", "aci-bench")
        visits, asked = SIZES[self._plan.profile].visits, SIZES[self._plan.profile].model_visits
        return aci_bench.run(folder=folder, chains=self._chains, visits=visits, model_visits=asked)

    @cached_property
    def _embeddings(self) -> LocalEmbeddings:
        return build_embeddings(EmbeddingSettings())

    def _abstention(self, phrasing: Phrasing) -> TaskResult:
        charts, limit = self._charts(phrasing), SIZES[self._plan.profile].asked_charts
        chains = {name: chain for name, chain in self._chains.items() if name != "embedded"}
        return joined(
            abstention.run(charts, chain, system=name, model_ready=name in MODELS, limit=limit)
            for name, chain in chains.items()
        )

    def _injection(self) -> TaskResult:
        quick = self._plan.profile == "quick"
        chain = self._chains["extractive"]
        return injection.run(self._charts("b"), chain, types=1 if quick else 5, limit=10 if quick else 0)

    def _injection_model(self) -> TaskResult:
        """A task of its own, since another bar is set for models."""
        name = next(iter(self._models), "")
        if not name:
            return TaskResult("injection_model", (), skipped="no language model to attack")
        limit, chain = SIZES[self._plan.profile].model_attacks, self._chains[name]
        found = injection.run(self._charts("b"), chain, system=name, model_ready=True, types=1, limit=limit)
        return replace(found, task="injection_model")

    def _mts_dialog(self) -> TaskResult:
        folder = self._folder("mts-dialog")
        return mts_dialog.run(folder) if folder else absent("mts_dialog", "mts-dialog")

    def _own_data(self, name: str) -> TaskResult:
        plan = self._plan
        if plan.mimic and name == "mimic":
            dataset = read_mimic_charts(plan.mimic, patients=plan.patients or SIZES[plan.profile].asked_charts)
        elif plan.longhealth and name == "longhealth":
            dataset = read_longhealth(plan.longhealth)
        elif plan.archehr and name == "archehr":
            dataset = read_archehr(plan.archehr)
        else:
            return TaskResult(name, (), skipped=f"--{name} names no file")
        return own_data.run(dataset, self._chains)

    def _charts(self, phrasing: Phrasing) -> LedgerCharts:
        plan = self._plan
        patients = plan.patients or SIZES[plan.profile].charts[phrasing]
        return ledger_charts(phrasing, patients=patients, seed=_SEEDS[phrasing])

    def _ledger(self, phrasing: Phrasing) -> TaskResult:
        size = SIZES[self._plan.profile]
        ours: list[System] = [
            ChainSystem(chain, name, model_ready=name in MODELS, limit=size.model_charts[phrasing] * (name in MODELS))
            for name, chain in self._chains.items()
            if name not in MODELS or size.model_charts[phrasing]
        ]
        others = [*baselines(), *(b for s in self._models.values() for b in self._asking(s, phrasing))]
        return ledger_facts.run(self._charts(phrasing), [*ours, *others], count_tokens=self._embeddings.count_tokens)

    def _evidence(self, phrasing: Phrasing) -> TaskResult:
        charts, embeddings = self._charts(phrasing), self._embeddings
        return evidence.run(charts, embeddings=embeddings, count_tokens=embeddings.count_tokens)

    def _writing_modes(self) -> TaskResult:
        if not self._models:
            return TaskResult(writing_modes.TASK, (), skipped="no language model to write")
        name, settings = next(iter(self._models.items()))
        chains = {writing_modes.EXTRACTIVE: self._chains["extractive"]}
        chains |= {mode: self._chain(settings.model_copy(update={"writer": mode})) for mode in writing_modes.MODES}
        handoffs = self._plan.patients or WRITTEN_CHARTS
        return writing_modes.run(self._charts("b"), chains, system=name, handoffs=handoffs, others=(handoffs + 1) // 2)

    def _asking(self, settings: LLMSettings, phrasing: Phrasing) -> Sequence[System]:
        """The baselines that ask a model."""
        limit, llm = SIZES[self._plan.profile].model_charts[phrasing], build_model(settings)
        if llm is None or not limit:
            return ()
        return model_baselines(llm, window_tokens=WINDOW_TOKENS, limit=limit, llm_settings=settings)


def _served(url: str, name: str) -> LLMSettings:
    """The settings of the environment with this server, and the name of its first model where none is given: a model's
    name tells its size. Raises ModelUnavailable.
    """
    settings = load_settings().llm.model_copy(update={"url": url, "model": name})
    state = asyncio.run(_look(settings))
    if not state.ready:
        raise ModelUnavailable(f"{url}: {state.detail}")
    return settings.model_copy(update={"model": state.model})


async def _look(settings: LLMSettings) -> ModelState:
    probe = build_probe(settings)
    try:
        return await probe.check()
    finally:
        await probe.aclose()


def joined(results: Iterable[TaskResult]) -> TaskResult:
    """One result of several runs of a task under different systems."""
    first, *others = results
    return replace(
        first,
        observations=tuple(o for result in (first, *others) for o in result.observations),
        examples=tuple(e for result in (first, *others) for e in result.examples),
    )


def absent(task: str, folder: str) -> TaskResult:
    """The result of a task whose data are not there."""
    return TaskResult(task, (), skipped=f"no folder {folder} of public data; --data names the folder above it")
