"""The node, keys, documents, the deployment manifest. The only room that knows web3."""
