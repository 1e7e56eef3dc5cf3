"""The table of scenes: what is rendered, and how it is reached. One line adds one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bench.pages.scenes import around, chat, data, home, run, runs, wizard
from bench.pages.stage import Stage
from bench.pages.stand_ins import NO_CARD, NO_DISK, OLD_DRIVER, WITH_CARD
from bench.pages.worlds import BUSY, CALM, EMPTY
from minimind.machine import Facts


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One state of one page.

    Attributes:
        name: `page-state`; the beginning of the picture's file name.
        world: the projects folder that it plays in.
        reach: brings a fresh window there.
        facts: the machine that it plays on; None while the doctor looks for the first time.
    """

    name: str
    world: str
    reach: Callable[[Stage], object]
    facts: Facts | None = NO_CARD

    @property
    def page(self) -> str:
        """What it is a state of."""
        return self.name.partition("-")[0]


def _scene(name: str, world: str, reach: Callable[[Stage], object], facts: Facts | None = NO_CARD) -> Scene:
    return Scene(name=name, world=world, reach=reach, facts=facts)


SCENES: tuple[Scene, ...] = (
    _scene("home-checking", EMPTY, home.front, None),
    _scene("home-card", EMPTY, home.front, WITH_CARD),
    _scene("home-no-card", EMPTY, home.front),
    _scene("home-old-driver", EMPTY, home.front, OLD_DRIVER),
    _scene("home-no-disk", EMPTY, home.front, NO_DISK),
    _scene("home-later", BUSY, home.front, WITH_CARD),
    _scene("home-ended", CALM, home.front),
    _scene("home-doctor", CALM, home.doctor, OLD_DRIVER),
    _scene("doctor", CALM, home.doctor_page, OLD_DRIVER),
    _scene("doctor-fine", EMPTY, home.doctor_page, WITH_CARD),
    _scene("doctor-checking", EMPTY, home.doctor_page, None),
    _scene("data-empty", EMPTY, data.front),
    _scene("data-counting", EMPTY, data.counting),
    _scene("data-raw", EMPTY, data.shown(1)),
    _scene("data-template", EMPTY, data.shown(2)),
    _scene("data-mask", CALM, data.shown(3)),
    _scene("data-text", CALM, data.shown(3, data.TEXT)),
    _scene("data-skipped", EMPTY, data.skipped),
    _scene("data-no-row", EMPTY, data.no_row),
    _scene("data-gone", EMPTY, data.gone),
    _scene("wizard-what", EMPTY, wizard.at("what")),
    _scene("wizard-model", EMPTY, wizard.at("model"), WITH_CARD),
    _scene("wizard-model-all", CALM, wizard.at("model", all_settings=True)),
    _scene("wizard-model-too-big", EMPTY, wizard.at("model", preset="minimind2-moe")),
    _scene("wizard-data-empty", EMPTY, wizard.at("data", data=False)),
    _scene("wizard-data", EMPTY, wizard.at("data")),
    _scene("wizard-data-wrong", EMPTY, wizard.wrong_data),
    _scene("wizard-settings", EMPTY, wizard.at("settings")),
    _scene("wizard-settings-all", EMPTY, wizard.at("settings", all_settings=True)),
    _scene("wizard-settings-wrong", EMPTY, wizard.wrong_setting),
    _scene("wizard-review-ready", EMPTY, wizard.ready, WITH_CARD),
    _scene("wizard-review-warning", EMPTY, wizard.warning),
    _scene("wizard-review-error", EMPTY, wizard.error),
    _scene("wizard-review-tuning", CALM, wizard.tuning),
    _scene("runs-empty", EMPTY, runs.table),
    _scene("runs-filled", BUSY, runs.table, WITH_CARD),
    _scene("runs-no-hit", CALM, runs.no_hit),
    _scene("runs-trash", CALM, runs.trash),
    _scene("runs-menu", CALM, runs.menu),
    _scene("runs-delete", CALM, runs.delete),
    _scene("run-queued", BUSY, run.of("queued"), WITH_CARD),
    _scene("run-starting", BUSY, run.of("starting")),
    _scene("run-running", BUSY, run.of("running"), WITH_CARD),
    _scene("run-running-hover", BUSY, run.hover, WITH_CARD),
    _scene("run-running-log-axes", BUSY, run.log_axes, WITH_CARD),
    _scene("run-running-time", BUSY, run.time_axis, WITH_CARD),
    _scene("run-running-cpu", BUSY, run.of("running-cpu")),
    _scene("run-running-menu", BUSY, run.menu, WITH_CARD),
    _scene("run-running-options", BUSY, run.options, WITH_CARD),
    _scene("run-paused", BUSY, run.of("paused")),
    _scene("run-stopping", BUSY, run.of("stopping"), WITH_CARD),
    _scene("run-stopped", CALM, run.of("stopped")),
    _scene("run-finished", CALM, run.of("pretrained")),
    _scene("run-finished-chat", CALM, run.of("tuned")),
    _scene("run-failed-memory", CALM, run.of("failed"), WITH_CARD),
    _scene("run-failed-nan", CALM, run.of("non-finite")),
    _scene("run-lost", CALM, run.of("lost")),
    _scene("run-tab-events", CALM, run.tab("pretrained", "events")),
    _scene("run-tab-log", CALM, run.tab("pretrained", "log")),
    _scene("run-tab-checkpoints", CALM, run.tab("pretrained", "checkpoints")),
    _scene("run-tab-settings", CALM, run.tab("pretrained", "settings")),
    _scene("run-tab-samples", CALM, run.tab("pretrained", "samples")),
    _scene("run-pipeline", BUSY, run.pipeline("pipeline")),
    _scene("run-pipeline-done", CALM, run.pipeline("pipeline-done")),
    _scene("run-gone", CALM, run.gone),
    _scene("chat-no-model", EMPTY, chat.front),
    _scene("chat-empty", CALM, chat.empty),
    _scene("chat-loading", CALM, chat.loading),
    _scene("chat-conversation", CALM, chat.conversation),
    _scene("chat-streaming", CALM, chat.streaming),
    _scene("chat-thinking", CALM, chat.thinking),
    _scene("chat-think-open", CALM, chat.think_open),
    _scene("chat-base", CALM, chat.base),
    _scene("chat-while-training", BUSY, chat.conversation, WITH_CARD),
    _scene("chat-failed", CALM, chat.failed),
    _scene("chat-died", CALM, chat.died),
    _scene("chat-full", CALM, chat.full),
    _scene("chat-models", CALM, chat.models),
    _scene("export-choices", CALM, around.export),
    _scene("export-hf", CALM, around.export_folder),
    _scene("export-running", CALM, around.export_running),
    _scene("export-done", CALM, around.export_done),
    _scene("preferences", CALM, around.preferences),
    _scene("preferences-training", CALM, around.preferences_at("training")),
    _scene("preferences-folders", CALM, around.preferences_at("folders")),
    _scene("preferences-keys", CALM, around.preferences_at("keys")),
    _scene("preferences-end", CALM, around.preferences_end),
    _scene("around-shortcuts", BUSY, around.shortcuts, WITH_CARD),
    _scene("around-palette", BUSY, around.palette, WITH_CARD),
    _scene("around-palette-hits", BUSY, around.palette_hits, WITH_CARD),
    _scene("around-palette-nothing", CALM, around.palette_nothing),
    _scene("around-glossary", CALM, around.glossary),
    _scene("around-projects", CALM, around.projects),
    _scene("around-close", BUSY, around.close, WITH_CARD),
    _scene("around-toasts", CALM, around.toasts),
    _scene("around-toasts-chat", CALM, around.toasts_on_chat),
    _scene("around-rail-folded", CALM, around.folded),
)


def chosen(names: list[str]) -> list[Scene]:
    """Scenes of these pages, or with these names.

    Raises:
        ValueError: nothing is called that.
    """
    unknown = [name for name in names if not any(name in (s.page, s.name) for s in SCENES)]
    if unknown:
        raise ValueError(
            f"no page or scene is called {unknown[0]}; pages: {sorted({s.page for s in SCENES})}"
        )
    return [scene for scene in SCENES if not names or scene.page in names or scene.name in names]
