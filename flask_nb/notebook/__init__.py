"""The IPython extension: magics, display and cell events around one :class:`~.host.Host`.

===============  ==================================================================================
module           answers for
===============  ==================================================================================
``extension``    loading into a shell, and unloading without a trace
``settings``     what a person can set
``owners``       which cell is running
``host``         the app by its variable, and what outlives it: recorder, cookies, server
``serving``      the server: started, moved, stopped, described
``magics``       what each magic does
``definitions``  what the magics do that define besides routes: settings, templates, contexts, cookies
``placement``    where a cell magic stands in its cell
``tables``       the small tables that magics answer with
``transforms``   what is typed, made into what IPython understands
``completion``   what the completer offers in the line of a magic
``candidates``   what can be typed next, magic by magic
``display``      where the value of a magic is displayed, and as what
===============  ==================================================================================
"""
