"""Step What: a recipe, one method, or a template to begin with."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QMenu, QWidget

from minimind.methods import METHODS, Needs, StartsFrom
from minimind.recipes import RECIPES
from minimind.text import N_, _
from studio.planning.choices import Draft
from studio.planning.first_choices import with_method, with_recipe
from studio.planning.route import Step
from studio.planning.situation import method_title
from studio.ui import format as fmt
from studio.ui.appearance import Appearance
from studio.ui.widgets.labels import Label
from studio.ui.wizard.choice_card import CardGrid, ChoiceCard, let_tab_reach_one
from studio.ui.wizard.step_view import ProblemLine, StepView, in_tab_order

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
    """Cards of recipes and methods, made from RECIPES and METHODS, and of the project's templates.

    Signals:
        template_removed(Draft): throw that template away.
    """

    step = Step.WHAT
    template_removed = Signal(object)

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(appearance, parent)
        self._group = QButtonGroup(self)
        self.recipes = {name: self._card(name, "layers") for name in RECIPES}
        self.cards = {name: self._card(name, method.icon) for name, method in METHODS.items()}
        self.templates: dict[str, ChoiceCard] = {}
        self._templates: dict[str, Draft] = {}
        for name, card in self.recipes.items():
            card.clicked.connect(lambda _on=False, key=name: self.edited.emit(with_recipe(self.choices, key)))
        for name, card in self.cards.items():
            card.clicked.connect(lambda _on=False, key=name: self._on_method(key))
        self._headings = [Label(tone="2") for _number in range(3)]
        self._grids = [CardGrid(least_width=300) for _number in range(3)]
        self._grids[0].set_cards([*self.recipes.values()])
        self._grids[1].set_cards([*self.cards.values()])
        self._problem = ProblemLine(appearance)
        self.body.addWidget(self._problem)
        for heading, grid in zip(self._headings, self._grids, strict=True):
            self.body.addWidget(heading)
            self.body.addWidget(grid)
        self.body.addStretch(1)

    def _card(self, key: str, icon: str) -> ChoiceCard:
        card = ChoiceCard(self.appearance, key, icon=icon)
        self._group.addButton(card)
        return card

    # -- showing ---------------------------------------------------------------------------------------

    def refresh(self) -> None:
        texts = (_("A recipe: several trainings as one"), _("One training"), _("Your templates"))
        for heading, text in zip(self._headings, texts, strict=True):
            heading.setText(text)
        # an exclusive group cannot be emptied
        self._group.setExclusive(False)
        for name, card in self.recipes.items():
            recipe = RECIPES[name]
            stages = " › ".join(method_title(stage.method) for stage in recipe.stages)
            card.set_texts(_(recipe.title), _(recipe.summary), figures=f"{stages} · {recipe.model}")
            card.setChecked(name == self.choices.recipe)
        for name, card in self.cards.items():
            method = METHODS[name]
            figures = f"{_(NEEDS[method.needs])} · {_(STARTS[method.starts_from])}"
            card.set_texts(_(method.title), _(method.summary), figures=figures)
            card.setChecked(name == self.choices.method and not self.choices.recipe)
        self._group.setExclusive(True)
        let_tab_reach_one([*self.recipes.values(), *self.cards.values()])
        self._problem.show_problem(next(iter(self.here()), None))

    def show_templates(self, templates: Sequence[Draft]) -> None:
        """The project's templates; none hides their heading."""
        self._templates = {template.draft_id: template for template in templates}
        for key in [*self.templates]:
            if key not in self._templates:
                self.templates.pop(key).deleteLater()
        for key, template in self._templates.items():
            card = self.templates.get(key)
            if card is None:
                card = self.templates[key] = ChoiceCard(self.appearance, key, icon="bookmark")
                card.setCheckable(False)
                card.clicked.connect(lambda _on=False, key=key: self._on_template(key))
                card.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
                card.customContextMenuRequested.connect(lambda _at, key=key: self._open_menu(key))
            card.set_texts(template.choices.name, _sentence(template), figures=fmt.when(template.changed))
            card.setToolTip(_("Begin with it; right click to remove it"))
        cards = [self.templates[key] for key in self._templates]
        self._grids[2].set_cards(cards)
        in_tab_order(*self.cards.values(), *cards)
        for widget in (self._headings[2], self._grids[2]):
            widget.setVisible(bool(cards))

    def summary(self) -> str:
        if self.plan.recipe is not None:
            return _(self.plan.recipe.title)
        method = self.plan.method
        return _(method.title) if method else ""

    def focus_field(self, field: str) -> bool:
        chosen = self.recipes.get(self.choices.recipe or "") or self.cards.get(self.choices.method or "")
        (chosen or next(iter(self.recipes.values()))).setFocus()
        return field in ("", "method", "recipe")

    # -- what a person does ----------------------------------------------------------------------------

    def _on_method(self, name: str) -> None:
        self.edited.emit(with_method(self.choices, name, self.plan.situation))

    def _on_template(self, key: str) -> None:
        # what it is called is the template's name, not the run's
        self.edited.emit(self._templates[key].choices.with_changes(name=""))

    def _open_menu(self, key: str) -> None:
        card, menu = self.templates[key], QMenu(self)
        remove = menu.addAction(self.appearance.icon("trash-2", "text2"), _("Remove the template"))
        remove.triggered.connect(lambda: self.template_removed.emit(self._templates[key]))
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(card.mapToGlobal(card.rect().center()))


def _sentence(template: Draft) -> str:
    choices = template.choices
    recipe = RECIPES.get(choices.recipe or "")
    what = _(recipe.title) if recipe else method_title(choices.method or "")
    parts = [what, choices.preset or "", fmt.files(len(choices.data)) if choices.data else ""]
    return " · ".join(part for part in parts if part)
