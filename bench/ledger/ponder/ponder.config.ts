// The suite's contracts as ponder wants them; BENCH_* say where they are.
import { readFileSync } from "node:fs";
import { createConfig } from "ponder";
import type { Abi } from "viem";

const { chainId, url, first, contracts } = JSON.parse(
  readFileSync(process.env.BENCH_MARKET ?? "", "utf-8"),
) as {
  chainId: number;
  url: string;
  first: number;
  contracts: Record<string, { address: `0x${string}`; abi: Abi }>;
};

export default createConfig({
  chains: { bench: { id: chainId, rpc: url } },
  contracts: Object.fromEntries(
    Object.entries(contracts).map(([name, { address, abi }]) => [
      name,
      { chain: "bench", abi, address, startBlock: first },
    ]),
  ),
});
