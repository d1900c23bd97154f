"""The directory as HSDS 3.0 has it: files -> plain checked items, and back.

``mapping`` is the table of which field is which column; ``fields`` has how plain values are read,
``services``, ``places``, ``attributes`` and ``spoken`` those of their objects, each with the way
back; ``known`` is what this network is called. In: ``files`` opens what is sent,
``texts`` reads JSON, ``tables`` the CSV data package, ``reading`` makes items of objects. Out:
``writing`` makes objects of rows. ``words`` says in the reader's language what is wrong, is taken
in part, or changes.
"""
