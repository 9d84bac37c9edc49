// A maker registers a work, lets the market hand it over and signs an offer; a buyer takes it. What
// a contract refuses becomes a sentence. With ethers.
import { createHash, randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import {
  addresses,
  creationMarketAbi,
  creationRegistryAbi,
  documents,
  errorTexts,
} from "dokkaebi-abi";
import {
  Contract,
  HDNodeWallet,
  JsonRpcProvider,
  Mnemonic,
  parseEther,
  ZeroAddress,
  ZeroHash,
} from "ethers";

const provider = new JsonRpcProvider(process.env.RPC, undefined, { cacheTimeout: -1 });
const { chainId } = await provider.getNetwork();
const places = addresses[String(chainId)] ?? (await deployed(process.env.MANIFEST));
const phrase = Mnemonic.fromPhrase("test test test test test test test test test test test junk");
const person = (number) =>
  HDNodeWallet.fromMnemonic(phrase, `m/44'/60'/0'/0/${number}`).connect(provider);
const [maker, buyer] = [person(5), person(6)];

const registry = new Contract(places.CreationRegistry, creationRegistryAbi, maker);
const market = new Contract(places.CreationMarket, creationMarketAbi, buyer);

// The maker registers, and lets the market hand over just this work.
const document = Buffer.from(
  JSON.stringify({ name: "A spoon", made: randomBytes(80).toString("hex") }),
);
const work = {
  documentDigest: createHash("sha256").update(document).digest(),
  documentSize: document.length,
  royaltyBps: 500,
  contentCommitment: ZeroHash,
  parents: [],
};
const id = await registry.register.staticCall(work);
await (await registry.register(work)).wait();
await (await registry.approve(places.CreationMarket, id)).wait();

// Signs an offer, which costs nothing.
const offer = {
  seller: maker.address,
  buyer: ZeroAddress,
  collection: places.CreationRegistry,
  creationId: id,
  tenure: await registry.tenureOf(id),
  start: 0,
  price: parseEther("0.02"),
  endPrice: 0,
  asset: ZeroAddress,
  expiry: (await provider.getBlock("latest")).timestamp + 86_400,
  royaltyBpsMax: 0,
  referralBps: 0,
  nonce: BigInt(`0x${randomBytes(8).toString("hex")}`),
};
const { domain, types } = documents.CreationMarket;
const signature = await maker.signTypedData(
  { ...domain, chainId, verifyingContract: places.CreationMarket },
  types.Offer,
  offer,
);

// The buyer looks what becomes of the price, and pays.
const [seller] = await market.splitOf(offer, ZeroAddress);
await (await market.buy(offer, signature, ZeroAddress, { value: offer.price })).wait();

// Again: the offer was used, and the market says so.
let refusal = "";
try {
  await market.buy.staticCall(offer, signature, ZeroAddress, { value: offer.price });
} catch (problem) {
  const error =
    problem.revert ?? market.interface.parseError(problem.data ?? problem.info.error.data);
  refusal = errorTexts[error.name].ko;
}
console.log(
  JSON.stringify({
    ownerIsBuyer: (await registry.ownerOf(id)) === buyer.address,
    sellerGot: String(seller),
    refusal,
  }),
);
provider.destroy();

async function deployed(path) {
  const { contracts } = JSON.parse(await readFile(path, "utf8"));
  return Object.fromEntries(
    Object.entries(contracts).map(([name, { address }]) => [name, address]),
  );
}
