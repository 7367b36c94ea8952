"""Context windows, by server and model."""

import dataclasses

from srchat.config.settings import Config
from srchat.session.windows import Windows

CONFIG = Config(base_url="http://a.example/v1", model="m")


def test_a_window_belongs_to_a_model_of_a_server() -> None:
    windows = Windows()
    windows.learn("http://a.example/v1", "m", 1000)
    windows.learn("http://a.example/v1", "m", None)
    assert windows.window(CONFIG) == 1000
    assert windows.window(dataclasses.replace(CONFIG, model="other")) is None
    assert windows.window(dataclasses.replace(CONFIG, base_url="http://b.example/v1")) is None


def test_a_configured_context_window_takes_precedence() -> None:
    windows = Windows()
    windows.learn("http://a.example/v1", "m", 1000)
    assert windows.window(dataclasses.replace(CONFIG, context_window=500)) == 500
