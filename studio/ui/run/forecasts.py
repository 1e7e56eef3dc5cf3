"""What runs that wait will take, found out in the background once each."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Signal

from minimind.device import Device
from minimind.hardware import device_list
from minimind.job import JobSpec
from studio.planning.forecast import Forecast, forecast
from studio.preferences import PreferencesFile
from studio.services.run_reader import RunReader


class Forecasts(QObject):
    """Call it from the GUI thread only.

    Signals:
        found(str): `of` knows more about that run.
    """

    found = Signal(str)

    def __init__(
        self,
        runs: RunReader,
        preferences: PreferencesFile,
        *,
        devices: Callable[[], Sequence[Device]] = device_list,
        parent: QObject | None = None,
    ) -> None:
        """`devices`: what there is to compute with, asked in the background."""
        super().__init__(parent)
        self._runs, self._preferences, self._devices = runs, preferences, devices
        self._known: dict[tuple[str, float, float], Forecast | None] = {}

    def of(self, job: JobSpec) -> Forecast | None:
        """What is known of a run now; the first call sets out to learn it."""
        prices = self._preferences.current
        key = (job.run_id, prices.price_per_hour, prices.price_per_kwh)
        if key not in self._known:
            self._known[key] = None

            def look() -> Forecast | None:
                return forecast(
                    job,
                    self._devices(),
                    cny_per_hour=prices.price_per_hour,
                    cny_per_kwh=prices.price_per_kwh,
                )

            def take(answer: Forecast | None) -> None:
                self._known[key] = answer
                self.found.emit(job.run_id)

            self._runs.in_background(look, take)
        return self._known[key]
