"""Redefinition: what cells register on an app, and how it is replaced, withdrawn and taken over.

- a *slot* is where a value stands: a name, a place in a list, rules of the map, a layer of a setting
  (:mod:`.slots`, :mod:`.routes`)
- the *ledger* of an app or blueprint knows who registered what there (:mod:`.registrations`,
  :mod:`.ledger`)
- the *workspace* is all of that for one notebook (:mod:`.workspace`)
- :class:`~flask_nb.live.app.Live` ties an app to them

It knows nothing of how an app answers, and of the framework only the attributes that Flask documents.
"""
