"""Deploys a market and exports what a front end needs."""

from dokkaebi.deploy.export import export_frontend_abi
from dokkaebi.deploy.market import deploy_desk, deploy_here, deploy_market, standing_market
from dokkaebi.deploy.spec import MarketSpec, load_market_spec

__all__ = [
    "MarketSpec",
    "deploy_desk",
    "deploy_here",
    "deploy_market",
    "export_frontend_abi",
    "load_market_spec",
    "standing_market",
]
