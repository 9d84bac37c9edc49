// A maker who never held a wei signs a work with a price; a buyer registers and buys it in one
// transaction. With viem, whose types know every argument and answer by the package's ABIs.
import { createHash, randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { addresses, creationMarketAbi, creationRegistryAbi, documents } from "dokkaebi-abi";
import {
  createPublicClient,
  createWalletClient,
  http,
  parseEther,
  zeroAddress,
  zeroHash,
} from "viem";
import { generatePrivateKey, mnemonicToAccount, privateKeyToAccount } from "viem/accounts";

const transport = http(process.env.RPC);
const chain = createPublicClient({ transport });
const chainId = await chain.getChainId();

// Public deployments are in the package; a local one has its manifest.
const { CreationRegistry: registry, CreationMarket: market } =
  addresses[chainId] ?? (await deployed(process.env.MANIFEST));

const maker = privateKeyToAccount(generatePrivateKey());
const buyer = mnemonicToAccount("test test test test test test test test test test test junk", {
  addressIndex: 4,
});

// The maker: a metadata document, and a signature. Nothing is sent.
const title = `A bowl ${randomBytes(4).toString("hex")}`;
const document = Buffer.from(
  JSON.stringify({ name: title, description: "Turned from ash. ".repeat(8) }),
);
const voucher = {
  creator: maker.address,
  work: {
    documentDigest: `0x${createHash("sha256").update(document).digest("hex")}`,
    documentSize: document.length,
    royaltyBps: 500,
    contentCommitment: zeroHash,
    parents: [],
  },
  partners: [],
  sale: {
    market,
    buyer: zeroAddress,
    asset: zeroAddress,
    price: parseEther("0.05"),
    referralBps: 0n,
    sponsor: zeroAddress,
    sponsorAmount: 0n,
  },
  expiry: (await chain.getBlock()).timestamp + 86_400n,
  version: 0n,
};
const { domain, types } = documents.CreationRegistry;
const signature = await maker.signTypedData({
  domain: { ...domain, chainId, verifyingContract: registry },
  types: types.Voucher,
  primaryType: "Voucher",
  message: voucher,
});

// The buyer: one transaction, tried before it is sent.
const { request, result: id } = await chain.simulateContract({
  account: buyer,
  address: market,
  abi: creationMarketAbi,
  functionName: "buyNew",
  args: [voucher, signature, zeroAddress, "0x"],
  value: voucher.sale.price,
});
const wallet = createWalletClient({ account: buyer, transport });
const hash = await wallet.writeContract({ ...request, chain: null });
await chain.waitForTransactionReceipt({ hash });

const asked = { address: registry, abi: creationRegistryAbi, args: [id] };
const owner = await chain.readContract({ ...asked, functionName: "ownerOf" });
const { creator } = await chain.readContract({ ...asked, functionName: "creationOf" });
console.log(
  JSON.stringify({
    creatorIsMaker: creator === maker.address,
    ownerIsBuyer: owner === buyer.address,
    makerEarned: String(await chain.getBalance({ address: maker.address })),
    makerTransactions: await chain.getTransactionCount({ address: maker.address }),
  }),
);

async function deployed(path) {
  const { contracts } = JSON.parse(await readFile(path, "utf8"));
  return Object.fromEntries(
    Object.entries(contracts).map(([name, { address }]) => [name, address]),
  );
}
