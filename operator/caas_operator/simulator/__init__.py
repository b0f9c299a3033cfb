"""The clouds, simulated over real HTTP.

Gcore CaaS and Everywhere Inference with tasks, OpenAI containers direct and through a gateway. Imports nothing
else of the package; needs the extra `simulator`.
"""
