"""The stage of the stories, for what happens below them."""

from tests.stories.conftest import administrator, animator, stage

__all__ = ["administrator", "animator", "stage"]
