"""The stage of the stories, for what time does to it."""

from tests.stories.conftest import administrator, animator, stage

__all__ = ["administrator", "animator", "stage"]
