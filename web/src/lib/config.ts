/** Which market this is; everything else follows from it. */
import { getAddress, type Address } from "viem";

export interface Config {
  chainId: number;
  chainName: string;
  coin: string;
  local: boolean;
  rpc: string | null;
  explorer: string;
  names: { en: string; ko: string };
  windows: { ship_days: number; inspect_days: number; offer_days: number };
  token: Address;
  registry: Address;
  creationMarket: Address;
  escrowMarket: Address;
  auctionHouse: Address;
}

interface Told {
  chain_id: number;
  chain_name: string;
  coin: string;
  local: boolean;
  rpc: string | null;
  explorer: string;
  names: { en: string; ko: string };
  windows: Partial<Config["windows"]>;
  contracts: Record<string, string>;
}

let loaded: Config | null = null;

export async function loadConfig(): Promise<Config> {
  const response = await fetch("config.json");
  if (!response.ok) throw new Error(`config.json: ${response.status}`);
  const told = (await response.json()) as Told;
  const at = (name: string) => getAddress(told.contracts[name] ?? "");
  loaded = {
    chainId: told.chain_id,
    chainName: told.chain_name,
    coin: told.coin,
    local: told.local,
    rpc: told.rpc,
    explorer: told.explorer,
    names: told.names,
    windows: { ship_days: 7, inspect_days: 7, offer_days: 30, ...told.windows },
    token: at("CommunityToken"),
    registry: at("CreationRegistry"),
    creationMarket: at("CreationMarket"),
    escrowMarket: at("EscrowMarket"),
    auctionHouse: at("AuctionHouse"),
  };
  return loaded;
}

export function config(): Config {
  if (!loaded) throw new Error("config isn't loaded");
  return loaded;
}
