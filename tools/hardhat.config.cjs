// Hardhat as a third node for the deployment's tests; nothing is compiled with it, and it asks
// nobody on the network. `dokkaebi.chain.node` starts it.
module.exports = {
  solidity: "0.8.28",
  paths: {
    root: "..",
    sources: "var/hardhat/contracts",
    cache: "var/hardhat/cache",
    artifacts: "var/hardhat/artifacts",
  },
  networks: {
    hardhat: {
      chainId: 31337,
      hardfork: "shanghai",
      blockGasLimit: 30_000_000,
      accounts: {
        mnemonic: "test test test test test test test test test test test junk",
        count: 20,
        accountsBalance: `1000${"0".repeat(18)}`,
      },
    },
  },
};
