/** A workflow in small: its nodes in their layers. A library card knows it only by its id, a template has its graph. */
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { graphOf } from '../model/graph';
import { kindInfo } from '../model/kinds';
import { NODE_HEIGHT, placesOf, widthOf } from '../model/layout';
import { workflowById } from '../queries';

export function Sketch({ workflowId }: { workflowId: string }) {
  const { data } = useQuery(workflowById(workflowId));
  return <GraphSketch graph={data?.graph} />;
}

export function GraphSketch({ graph: stored }: { graph: unknown }) {
  const drawn = useMemo(() => {
    if (!stored) return undefined;
    const graph = graphOf(stored);
    const places = placesOf(graph);
    const boxes = graph.nodes.map((node) => ({
      id: node.id,
      color: kindInfo(node.kind).color,
      width: widthOf(node),
      ...(places.get(node.id) ?? { x: 0, y: 0 }),
    }));
    const at = new Map(boxes.map((box) => [box.id, box]));
    const lines = graph.edges.flatMap((edge) => {
      const [from, to] = [at.get(edge.from), at.get(edge.to)];
      if (!from || !to) return [];
      const [x1, y1] = [from.x + from.width / 2, from.y + NODE_HEIGHT];
      const [x2, y2] = [to.x + to.width / 2, to.y];
      const half = (y1 + y2) / 2;
      return [{ id: edge.id, d: `M${x1} ${y1}C${x1} ${half} ${x2} ${half} ${x2} ${y2}` }];
    });
    const right = Math.max(0, ...boxes.map((box) => box.x + box.width));
    const bottom = Math.max(0, ...boxes.map((box) => box.y + NODE_HEIGHT));
    return { boxes, lines, box: `-40 -40 ${right + 80} ${bottom + 80}` };
  }, [stored]);
  return (
    <svg className="wf-sketch" viewBox={drawn?.box ?? '0 0 10 10'} aria-hidden="true">
      {drawn?.lines.map(({ id, d }) => (
        <path key={id} d={d} />
      ))}
      {drawn?.boxes.map(({ id, x, y, width, color }) => (
        <rect
          key={id}
          x={x}
          y={y}
          width={width}
          height={NODE_HEIGHT}
          rx={18}
          style={{ ['--k' as string]: color }}
        />
      ))}
    </svg>
  );
}
