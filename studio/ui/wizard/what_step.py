"""Step What: which method."""

from __future__ import annotations

from PySide6.QtWidgets import QButtonGroup, QWidget

from minimind.methods import METHODS, Needs, StartsFrom
from minimind.text import N_, _
from studio.planning.first_choices import with_method
from studio.planning.route import Step
from studio.ui.appearance import Appearance
from studio.ui.wizard.choice_card import CardGrid, ChoiceCard, let_tab_reach_one
from studio.ui.wizard.step_view import ProblemLine, StepView

NEEDS = {
    Needs.TEXT: N_("Needs text"),
    Needs.CHAT: N_("Needs conversations"),
    Needs.PREFERENCES: N_("Needs pairs of answers"),
    Needs.PROMPTS: N_("Needs questions"),
}
STARTS = {
    StartsFrom.SCRATCH: N_("starts from random weights"),
    StartsFrom.CHECKPOINT: N_("starts from a trained model"),
}


class WhatStep(StepView):
    """One card a method; everything on it comes from METHODS."""

    step = Step.WHAT

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(appearance, parent)
        self._group = QButtonGroup(self)
        self.cards = {
            name: ChoiceCard(appearance, name, icon=method.icon) for name, method in METHODS.items()
        }
        for card in self.cards.values():
            self._group.addButton(card)
            card.clicked.connect(lambda _checked=False, key=card.key: self._on_chosen(key))
        self._grid = CardGrid(least_width=300)
        self._grid.set_cards(list(self.cards.values()))
        self._problem = ProblemLine(appearance)
        self.body.addWidget(self._grid)
        self.body.addWidget(self._problem)
        self.body.addStretch(1)

    def refresh(self) -> None:
        chosen = self.choices.method
        # an exclusive group cannot be emptied
        self._group.setExclusive(False)
        for name, card in self.cards.items():
            method = METHODS[name]
            figures = f"{_(NEEDS[method.needs])} · {_(STARTS[method.starts_from])}"
            card.set_texts(_(method.title), _(method.summary), figures=figures)
            card.setChecked(name == chosen)
        self._group.setExclusive(True)
        let_tab_reach_one(self.cards.values())
        self._problem.show_problem(next(iter(self.here()), None))

    def summary(self) -> str:
        method = self.plan.method
        return _(method.title) if method else ""

    def focus_field(self, field: str) -> bool:
        card = self.cards.get(self.choices.method or "") or next(iter(self.cards.values()))
        card.setFocus()
        return field in ("", "method")

    def _on_chosen(self, name: str) -> None:
        self.edited.emit(with_method(self.choices, name, self.plan.situation))
