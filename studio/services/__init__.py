"""QObjects between the Qt-free core and the widgets: getters answer from memory, signals are past facts."""
