"""Deploys a market and exports what a front end needs."""

from dokkaebi.deploy.export import export_frontend_abi
from dokkaebi.deploy.market import deploy_desk, deploy_market
from dokkaebi.deploy.plan import purse_of
from dokkaebi.deploy.site import Site, apply_plan, look_at_plan, standing_market
from dokkaebi.deploy.spec import MarketSpec, load_market_spec

__all__ = [
    "MarketSpec",
    "Site",
    "apply_plan",
    "deploy_desk",
    "deploy_market",
    "export_frontend_abi",
    "load_market_spec",
    "look_at_plan",
    "purse_of",
    "standing_market",
]
