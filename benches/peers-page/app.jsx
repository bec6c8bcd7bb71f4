// The same nodes and edges as the page's, as React Flow draws them out of the box: plain boxes, no figures, no simulation.
import { ReactFlow, useEdgesState, useNodesInitialized, useNodesState } from "@xyflow/react";
import "@xyflow/react/dist/style.css";
import "./app.css";
import { useEffect } from "react";
import { createRoot } from "react-dom/client";

function Ready() {
  const initialized = useNodesInitialized();
  useEffect(() => {
    if (initialized) performance.mark("peer:ready");
  }, [initialized]);
  return null;
}

function Editor({ design }) {
  const [nodes, setNodes, onNodesChange] = useNodesState(design.nodes);
  const [edges, , onEdgesChange] = useEdgesState(design.edges);
  window.selectAll = () => setNodes((nodes) => nodes.map((node) => ({ ...node, selected: true })));
  return (
    <ReactFlow nodes={nodes} edges={edges} onNodesChange={onNodesChange} onEdgesChange={onEdgesChange}
      fitView minZoom={0.02} panOnScroll>
      <Ready />
    </ReactFlow>
  );
}

const design = await (await fetch("design.json")).json();
createRoot(document.getElementById("root")).render(<Editor design={design} />);
