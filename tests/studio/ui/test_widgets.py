from __future__ import annotations

from dataclasses import dataclass

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QFontMetrics, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QVBoxLayout, QWidget

from minimind.methods import METHODS
from minimind.options import option
from minimind.run_state import RunState
from studio.ui.appearance import Appearance
from studio.ui.navigator import Toast
from studio.ui.widgets.banner import Banner
from studio.ui.widgets.buttons import Button, IconButton
from studio.ui.widgets.empty_state import EmptyState
from studio.ui.widgets.figure import FigureBlock
from studio.ui.widgets.labels import ElidedLabel, Label
from studio.ui.widgets.memory_bar import MemoryBar, MemoryPart
from studio.ui.widgets.options_form import OptionsForm
from studio.ui.widgets.page_header import MenuItem, PageHeader
from studio.ui.widgets.phase_strip import PhaseStrip
from studio.ui.widgets.pill import STATES, StatePill
from studio.ui.widgets.segmented import SegmentedControl
from studio.ui.widgets.slider import ValueSlider
from studio.ui.widgets.sparkline import Sparkline
from studio.ui.widgets.stepper import Step, Stepper
from studio.ui.widgets.switch import Switch
from studio.ui.widgets.toast import ToastHost
from tests.studio.ui.clipping import clipped


def shown(qtbot, widget: QWidget, width: int = 400) -> QWidget:
    ground = QWidget()
    qtbot.addWidget(ground)
    QVBoxLayout(ground).addWidget(widget)
    widget.kept = ground  # qtbot holds it weakly
    ground.resize(width, 300)
    ground.show()
    return widget


# -- pills, segments, steps ------------------------------------------------------------------------


def test_every_run_state_has_icon_word_and_tone(appearance: Appearance, qtbot) -> None:
    assert set(STATES) == set(RunState)
    assert len({(look.icon, look.tone) for look in STATES.values()}) == len(STATES)
    pill = shown(qtbot, StatePill(appearance, RunState.RUNNING))
    assert pill.text() == "Running"
    appearance.set(language_choice="zh")
    assert pill.text() == "训练中"
    assert pill.accessibleName() == "训练中"


def test_a_segment_is_chosen_by_mouse_and_arrow_keys(appearance: Appearance, qtbot) -> None:
    control = shown(qtbot, SegmentedControl(appearance, [("a", "Step"), ("b", "Tokens"), ("c", "Time")]))
    assert control.current() == "a"
    with qtbot.waitSignal(control.selected) as caught:
        qtbot.mouseClick(control.segment("b"), Qt.MouseButton.LeftButton)
    assert caught.args == ["b"]
    QTest.keyClick(control.segment("b"), Qt.Key.Key_Right)
    assert control.current() == "c"
    QTest.keyClick(control.segment("c"), Qt.Key.Key_Right)
    assert control.current() == "c"


def test_new_words_for_segments_keep_choice_and_silence(appearance: Appearance, qtbot) -> None:
    control = shown(qtbot, SegmentedControl(appearance, [("a", "Step"), ("b", "Time")]))
    control.select("b")
    button = control.segment("b")
    with qtbot.assertNotEmitted(control.selected):
        control.set_segments([("a", "步"), ("b", "时间")])
    assert control.current() == "b"
    assert control.segment("b") is button
    control.set_segments([("a", "步")])
    assert control.current() == "a"


def test_steps_can_be_pressed_in_any_order(appearance: Appearance, qtbot) -> None:
    stepper = shown(qtbot, Stepper(appearance), 800)
    steps = [Step(key="what", title="What", value="Pretrain", status="done"), Step(key="data", title="Data")]
    stepper.set_steps(steps, "what")
    with qtbot.waitSignal(stepper.step_clicked) as caught:
        qtbot.mouseClick(stepper.button("data"), Qt.MouseButton.LeftButton)
    assert caught.args == ["data"]
    assert "not done yet" in stepper.button("data").accessibleName()
    assert "Pretrain" in stepper.button("what").accessibleName()


def test_phases_say_what_is_done_and_how_long_it_took(appearance: Appearance, qtbot) -> None:
    strip = shown(qtbot, PhaseStrip(appearance), 900)
    strip.show_phases("train", {"prepare": 38.0, "compile": 21.0})
    assert strip.accessibleName() == "Prepare data 38 s, Compile 21 s, Train, Evaluate, Save"
    strip.show_phases("prepare", note="31%")
    assert strip.accessibleName().startswith("Prepare data 31%, Compile,")


# -- text --------------------------------------------------------------------------------------------


def test_an_elided_label_keeps_the_whole_text_in_its_tip(appearance: Appearance, qtbot) -> None:
    label = shown(qtbot, ElidedLabel("projects/我的第一个模型/runs/1124-预训练-small/checkpoints"), 120)
    assert "checkpoints" in label.toolTip()
    assert label.property("elide")
    label.setText("short")
    assert label.toolTip() == ""


def test_wrapped_lines_are_as_high_as_the_role_says(appearance: Appearance, qtbot) -> None:
    latin, chinese = Label("one\ntwo\nthree", wrap=True), Label("一\n二\n三", wrap=True)
    for label in (latin, chinese):
        shown(qtbot, label)
        assert abs(label.heightForWidth(300) - 60) <= 1
    assert latin.text() == "one\ntwo\nthree"


def test_a_label_shows_markup_as_it_is(appearance: Appearance, qtbot) -> None:
    label = shown(qtbot, Label("<b>not bold</b> & <|im_end|>", wrap=True))
    assert label.text() == "<b>not bold</b> & <|im_end|>"
    assert label.sizeHint().width() > QFontMetrics(label.font()).horizontalAdvance("not bold & ")


def test_figures_do_not_move_when_they_change(appearance: Appearance, qtbot) -> None:
    figure = shown(qtbot, FigureBlock())
    figure.set_value("1.11", "")
    before = figure.number.sizeHint().width()
    figure.set_value("8.88", "")
    assert figure.number.sizeHint().width() == before


# -- buttons, headers, banners, toasts ---------------------------------------------------------------


def test_a_title_is_edited_in_place(appearance: Appearance, qtbot) -> None:
    header = shown(qtbot, PageHeader(appearance), 800)
    header.set_title("First")
    header.edit_title()
    assert not header.findChild(QLineEdit).isVisible()
    header.set_editable(True)
    header.edit_title()
    editor = header.findChild(QLineEdit)
    editor.setText("Second")
    with qtbot.waitSignal(header.title_edited) as caught:
        QTest.keyClick(editor, Qt.Key.Key_Return)
    assert caught.args == ["Second"]
    header.edit_title()
    editor.setText("Third")
    QTest.keyClick(editor, Qt.Key.Key_Escape)
    assert header.title.text() == "Second"


def test_a_header_takes_three_buttons_and_a_menu(appearance: Appearance, qtbot) -> None:
    header = shown(qtbot, PageHeader(appearance), 900)
    buttons = [Button(appearance, text) for text in ("one", "two", "three", "four")]
    with pytest.raises(AssertionError):
        header.set_actions(buttons)
    header.set_actions(buttons[:3])
    header.set_actions(buttons[3:])
    assert [button.isVisible() for button in buttons] == [False, False, False, True]
    done: list[str] = []
    header.set_menu([MenuItem(text="Rename", action=lambda: done.append("x"))])
    header._menu.actions()[0].trigger()
    assert done == ["x"]


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space])
def test_a_button_with_the_focus_is_pressed_by_enter_and_space(appearance, qtbot, key: Qt.Key) -> None:
    button, pressed = Button(appearance, "Open"), []
    qtbot.addWidget(button)
    button.clicked.connect(lambda: pressed.append(key))
    button.show()
    qtbot.keyClick(button, key)
    assert pressed == [key]
    qtbot.keyClick(button, key, Qt.KeyboardModifier.ControlModifier)
    button.setEnabled(False)
    qtbot.keyClick(button, key)
    assert pressed == [key] * (2 if key == Qt.Key.Key_Space else 1)


def test_an_icon_button_says_what_it_does(appearance: Appearance, qtbot) -> None:
    button = shown(qtbot, IconButton(appearance, "star", "Star"))
    assert (button.accessibleName(), button.toolTip()) == ("Star", "Star")


def test_a_banner_speaks_and_is_closed(appearance: Appearance, qtbot) -> None:
    banner = shown(qtbot, Banner(appearance), 900)
    assert not banner.isVisible()
    pressed: list[int] = []
    banner.show_message(
        "The disk is full.", tone="danger", actions=[("Other place", lambda: pressed.append(1))]
    )
    assert banner.message.text() == "The disk is full."
    qtbot.mouseClick(banner._buttons[0], Qt.MouseButton.LeftButton)
    assert pressed == [1]
    with qtbot.waitSignal(banner.closed):
        qtbot.mouseClick(banner._close, Qt.MouseButton.LeftButton)
    assert not banner.isVisible()


def test_at_most_two_toasts_and_undo_works(appearance: Appearance, qtbot) -> None:
    ground = QWidget()
    qtbot.addWidget(ground)
    ground.resize(900, 500)
    ground.show()
    host = ToastHost(appearance, ground)
    undone: list[str] = []
    for name in ("one", "two", "three"):
        host.show_toast(Toast(text=name, action_text="Undo", action=lambda name=name: undone.append(name)))
    assert host.texts() == ["two", "three"]
    frame = host._frames[0]
    assert frame.geometry().right() <= ground.width() - 16
    qtbot.mouseClick(frame.action, Qt.MouseButton.LeftButton)
    assert (undone, host.texts()) == (["two"], ["three"])


@pytest.mark.parametrize("reaches", [True, False])
def test_toasts_stay_above_what_is_used_at_the_lower_edge(
    appearance: Appearance, qtbot, reaches: bool
) -> None:
    ground = QWidget()
    qtbot.addWidget(ground)
    ground.resize(900, 500)
    foot = QWidget(ground)
    foot.setProperty("foot", True)
    foot.setGeometry(0, 380, 880 if reaches else 300, 120)
    ground.show()
    host = ToastHost(appearance, ground)
    host.show_toast(Toast(text="one"))
    toast = host._frames[0]
    assert (toast.geometry().bottom() < 380) is reaches
    foot.setGeometry(0, 300, 880, 200)
    assert toast.geometry().bottom() < 300
    foot.hide()
    assert toast.geometry().bottom() > 400


def test_a_long_sentence_of_an_empty_place_gets_its_lines(appearance: Appearance, qtbot) -> None:
    empty = shown(qtbot, EmptyState(appearance, "activity"), 260)
    empty.set_texts("Nothing trained yet. The first model takes a few minutes, and nothing else.", "Train")
    QApplication.processEvents()
    assert clipped(empty) == []


# -- values --------------------------------------------------------------------------------------------


def test_slider_and_field_show_one_value(appearance: Appearance, qtbot) -> None:
    slider = shown(qtbot, ValueSlider(appearance, 0.0, 2.0, 0.05, default=0.4))
    slider.set_value(0.85)
    assert (slider.slider.value(), slider.field.value()) == (17, 0.85)
    with qtbot.waitSignal(slider.value_changed):
        slider.slider.setValue(20)
    assert slider.value() == pytest.approx(1.0)


def test_a_switch_is_pressed_with_space(appearance: Appearance, qtbot) -> None:
    switch = shown(qtbot, Switch(appearance, "Think first"))
    switch.setFocus()
    QTest.keyClick(switch, Qt.Key.Key_Space)
    assert switch.isChecked()


def test_memory_says_what_is_used_by_what(appearance: Appearance, qtbot) -> None:
    bar = shown(qtbot, MemoryBar(appearance))
    bar.set_parts([MemoryPart(name="Weights", size=3 * 2**30, token="curve1")], 24 * 2**30)
    assert bar.accessibleName() == "3 / 24 GB"
    assert "Weights  3 GB" in bar.toolTip()
    bar.grab()


def test_a_sparkline_of_nothing_draws_nothing(appearance: Appearance, qtbot) -> None:
    line = shown(qtbot, Sparkline(appearance))
    for values in ([], [1.0], [float("nan"), 2.0], [3.0, 3.0, 3.0]):
        line.set_values(values)
        line.grab()


# -- the form ------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Knobs:
    lr: float | None = option(None, "Learning rate", "How far.", minimum=1e-9, maximum=0.1)
    steps: int = option(100, "Steps", minimum=1, maximum=1000, unit="steps")
    shape: str = option("wsd", "Shape", choices=("wsd", "cosine"), advanced=True)
    shuffle: bool = option(True, "Shuffle")
    prompts: list[str] | None = option(None, "Prompts")
    note: str = option("", "Note")


@pytest.fixture
def form(appearance: Appearance, qtbot) -> OptionsForm:
    made = OptionsForm(appearance, Knobs)
    shown(qtbot, made, 700)
    return made


def type_into(field: QWidget, text: str) -> None:
    assert isinstance(field, QLineEdit)
    field.selectAll()
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_Delete)
    QTest.keyClicks(field, text)


def test_only_what_differs_is_a_value(form: OptionsForm) -> None:
    assert form.values() == {}
    type_into(form.field("lr"), "3e-4")
    type_into(form.field("steps"), "250")
    assert form.values() == {"lr": 3e-4, "steps": 250}
    type_into(form.field("steps"), "100")
    assert form.values() == {"lr": 3e-4}


def test_values_come_back_as_they_went_in(form: OptionsForm) -> None:
    values = {
        "lr": 1.25e-5, "steps": 7, "shape": "cosine", "shuffle": False, "prompts": ["春天", "x"], "note": "n",
    }  # fmt: skip
    form.set_values(values)
    assert form.values() == values
    form.set_values({})
    assert form.values() == {}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("5", "At most 0.1"), ("abc", "This is not a number"), ("nan", "This is not a number")],
)
def test_a_fault_stands_under_its_field_and_is_no_value(form: OptionsForm, text: str, sentence: str) -> None:
    type_into(form.field("lr"), text)
    assert form.problems() == {"lr": sentence}
    assert form.values() == {}
    assert form.field("lr").property("problem") is True
    type_into(form.field("lr"), "0.01")
    assert form.problems() == {}
    assert form.values() == {"lr": 0.01}


def test_a_whole_number_stays_one(form: OptionsForm) -> None:
    type_into(form.field("steps"), "2.5")
    assert form.problems() == {"steps": "This must be a whole number"}
    type_into(form.field("steps"), "")
    assert form.problems() == {"steps": "A number is missing"}


def test_the_link_resets_and_tells(form: OptionsForm, qtbot) -> None:
    form.set_values({"lr": 3e-4})
    row = form._rows["lr"]
    assert row.dot.on
    assert row.reset.isVisible()
    with qtbot.waitSignal(form.edited) as caught:
        qtbot.mouseClick(row.reset, Qt.MouseButton.LeftButton)
    assert caught.args == ["lr"]
    assert form.values() == {}
    assert not row.dot.on


def test_simple_hides_but_keeps(form: OptionsForm) -> None:
    form.set_values({"shape": "cosine"})
    form.set_show_all(False)
    assert not form.field("shape").isVisible()
    assert form.hidden_changes() == 1
    assert form.values() == {"shape": "cosine"}
    form.focus_option("shape")
    assert form.field("shape").isVisible()


def test_arrow_keys_step_numbers_within_their_bounds(form: OptionsForm) -> None:
    form.set_values({"lr": 5e-4, "steps": 1000})
    QTest.keyClick(form.field("lr"), Qt.Key.Key_Up)
    assert form.values()["lr"] == pytest.approx(1e-3)
    QTest.keyClick(form.field("lr"), Qt.Key.Key_Down)
    QTest.keyClick(form.field("lr"), Qt.Key.Key_Down)
    assert form.values()["lr"] == pytest.approx(3e-4)
    QTest.keyClick(form.field("steps"), Qt.Key.Key_Up)
    assert form.values()["steps"] == 1000


def test_the_wheel_does_not_change_a_choice_in_passing(form: OptionsForm) -> None:
    combo = form.field("shape")
    assert isinstance(combo, QComboBox)
    combo.clearFocus()
    event = QWheelEvent(
        QPointF(5, 5),
        QPointF(5, 5),
        QPoint(0, -120),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(combo, event)
    assert combo.currentData() == "wsd"


def test_problems_from_outside_and_automatic_values(form: OptionsForm) -> None:
    form.set_problems({"lr": "Lower it."})
    assert form._rows["lr"].problem.text() == "Lower it."
    form.set_automatic({"lr": "5e-4"})
    assert form.field("lr").placeholderText() == "automatic: 5e-4"
    form.set_problems({})
    assert not form._rows["lr"].problem.isVisible()


def test_every_field_can_be_named(form: OptionsForm) -> None:
    assert all(row.editor.widget.accessibleName() for row in form._rows.values())


def test_a_form_of_every_method_can_be_made(appearance: Appearance, qtbot) -> None:
    for method in METHODS.values():
        form = OptionsForm(appearance, method.settings)
        qtbot.addWidget(form)
        assert form.values() == {}


def test_language_reaches_a_form_that_is_open(appearance: Appearance, qtbot) -> None:
    form = OptionsForm(appearance, METHODS["pretrain"].settings)
    qtbot.addWidget(form)
    assert form._rows["lr"].label.text() == "Learning rate"
    appearance.set(language_choice="zh")
    assert form._rows["lr"].reset.text() == "默认 自动"
