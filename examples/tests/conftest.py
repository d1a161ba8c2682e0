"""The fixture `offhook`, also where the package is not installed."""

pytest_plugins = ["offhook.testing.plugin"]
