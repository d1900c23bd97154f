"""Every table of the domain, gathered for migrations and for tests."""

import pkgutil
from importlib import import_module

import community
from community.base import Base

for _module in pkgutil.iter_modules(community.__path__):
    import_module(f"community.{_module.name}")

METADATA = Base.metadata
