"""The guard behind an HTTP API, and its page. Needs the extra `serve`.

`harmaug.serve.run.serve` starts it; `harmaug.serve.app.create_app` is the ASGI application.
"""
