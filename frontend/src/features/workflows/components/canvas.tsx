/** The drawing: nodes with their ports, edges with their labels, on a plane that can be moved and zoomed. */
import {
  applyNodeChanges,
  Background,
  BaseEdge,
  type Edge,
  EdgeLabelRenderer,
  type EdgeProps,
  type FitViewOptions,
  getBezierPath,
  Handle,
  MarkerType,
  MiniMap,
  type Node,
  type NodeProps,
  Position,
  ReactFlow,
  useReactFlow,
  useUpdateNodeInternals,
  type Viewport,
} from '@xyflow/react';
import { CircleX, Filter, RotateCcw, TriangleAlert } from 'lucide-react';
import { memo, useEffect, useMemo, useRef, useState } from 'react';
import type { WorkflowProblem } from '@/api/types';
import { cx } from '@/lib/cx';
import { t } from '@/lib/i18n';
import type { Action } from '../model/editor';
import { type Graph, type GraphNode, mayConnect, nodeOf, type Point, titleOf } from '../model/graph';
import { kindInfo, portName, portsOf, summaryOf } from '../model/kinds';
import { goesAcross, widthOf } from '../model/layout';
import { errorsIn } from '../model/problems';
import type { Mark, Marks } from '../model/run-state';
import { KindTile } from './kind-icon';
import { NodeMark, nodeStatusName } from './node-look';
import '@xyflow/react/dist/base.css';

/** How the whole drawing is brought into view: below the tools. */
export const FIT: FitViewOptions = {
  padding: { top: '72px', bottom: '28px', left: '28px', right: '28px' },
  maxZoom: 1,
};

/** What a kind is dragged as. */
export const KIND_MIME = 'application/x-conductor-kind';

type CardNode = Node<
  {
    node: GraphNode;
    errors: number;
    warnings: number;
    connected: readonly string[];
    across: boolean;
    /** How it stands in the run that is shown. */
    mark: Mark | undefined;
    /** Whether a run is shown that has not come to it. */
    aside: boolean;
  },
  'card'
>;
type WayEdge = Edge<
  { label: string; condition: string | undefined; tone: string; side: number; across: boolean; way: string },
  'way'
>;

const Card = memo(function Card({ data }: NodeProps<CardNode>) {
  const { node, errors, warnings, connected, across, mark, aside } = data;
  const ports = portsOf(node);
  const pill = node.kind === 'start' || node.kind === 'end';
  return (
    <div
      className={cx(
        'wf-node',
        across && 'across',
        pill && 'pill',
        errors > 0 ? 'bad' : warnings > 0 && 'odd',
        mark ? `run-${mark.status}` : aside && 'run-aside',
      )}
      style={{ width: widthOf(node) }}
    >
      {node.kind !== 'start' && (
        <Handle type="target" position={across ? Position.Left : Position.Top} className="wf-handle" />
      )}
      <KindTile kind={node.kind} emoji={node.layout?.icon} color={node.layout?.color} size={pill ? 26 : 34} />
      <span className="wf-node-name">
        <b>{titleOf(node)}</b>
        {!pill && <small>{summaryOf(node)}</small>}
      </span>
      {node.guard && <Filter size={13} className="wf-node-note" aria-label={t('Only under a condition')} />}
      {node.retry && <RotateCcw size={13} className="wf-node-note" aria-label={t('Tried again')} />}
      {mark && (!pill || mark.status !== 'done') && <NodeMark status={mark.status} visits={mark.visits} />}
      {!mark && errors + warnings > 0 && (
        <span className={cx('wf-mark', errors > 0 ? 'err' : 'warn')}>
          {errors > 0 ? <CircleX size={15} /> : <TriangleAlert size={15} />}
        </span>
      )}
      {ports.map((port, index) => (
        <Handle
          key={port}
          id={port}
          type="source"
          position={across ? Position.Right : Position.Bottom}
          className={cx('wf-handle', (port === 'error' || port === 'fail') && 'err')}
          style={{ [across ? 'top' : 'left']: `${((index + 0.5) / ports.length) * 100}%` }}
          title={portName(port)}
        >
          {ports.length > 1 && !connected.includes(port) && (
            <span className="wf-port-name">{portName(port)}</span>
          )}
        </Handle>
      ))}
    </div>
  );
});

/** A way back goes around the nodes between: beside a drawing that goes down, above one that goes across. */
function wayBack(props: EdgeProps<WayEdge>): [string, number, number] {
  const { sourceX, sourceY, targetX, targetY, data } = props;
  const side = data?.side ?? Math.min(sourceX, targetX) - 180;
  if (data?.across) {
    const path = [
      `M${sourceX} ${sourceY}`,
      `C${sourceX + 64} ${sourceY} ${sourceX + 64} ${side} ${sourceX - 24} ${side}`,
      `L${targetX + 24} ${side}`,
      `C${targetX - 64} ${side} ${targetX - 64} ${targetY} ${targetX} ${targetY}`,
    ].join('');
    return [path, (sourceX + targetX) / 2, side];
  }
  const path = [
    `M${sourceX} ${sourceY}`,
    `C${sourceX} ${sourceY + 64} ${side} ${sourceY + 64} ${side} ${sourceY - 24}`,
    `L${side} ${targetY + 24}`,
    `C${side} ${targetY - 64} ${targetX} ${targetY - 64} ${targetX} ${targetY}`,
  ].join('');
  return [path, side, (sourceY + targetY) / 2];
}

function Way(props: EdgeProps<WayEdge>) {
  const { sourceX, sourceY, targetX, targetY, selected } = props;
  const across = props.data?.across ?? false;
  // Canvases of others leave little room between nodes that stand in a row.
  const back = across ? targetX < sourceX - 24 : targetY < sourceY + 16;
  const [path, x, y] = back ? wayBack(props) : getBezierPath(props);
  const { label = '', condition, tone = '', way = '' } = props.data ?? {};
  const at = (left: number, top: number) => ({
    transform: `translate(-50%, -50%) translate(${left}px, ${top}px)`,
  });
  return (
    <>
      <BaseEdge
        id={props.id}
        path={path}
        markerEnd={props.markerEnd}
        className={cx('wf-edge', tone, way, selected && 'sel')}
        interactionWidth={18}
      />
      {(label || condition) && (
        <EdgeLabelRenderer>
          {label && (
            <div
              className={cx('wf-edge-label', tone, way, selected && 'sel')}
              style={
                back
                  ? at(x, y)
                  : across
                    ? at(sourceX + 36, sourceY + Math.max(-16, Math.min(16, (targetY - sourceY) * 0.2)))
                    : at(sourceX + Math.max(-16, Math.min(16, (targetX - sourceX) * 0.1)), sourceY + 20)
              }
            >
              {label}
            </div>
          )}
          {condition && (
            <div
              className={cx('wf-edge-label', tone, way, selected && 'sel')}
              style={at(x, back || label === '' ? y + 24 : y + 12)}
            >
              <code>{condition}</code>
            </div>
          )}
        </EdgeLabelRenderer>
      )}
    </>
  );
}

const nodeTypes = { card: Card };
const edgeTypes = { way: Way };

function toneOf(port: string): string {
  if (port === 'error' || port === 'fail') return 'err';
  return port === 'loop' ? 'loop' : '';
}

interface Props {
  graph: Graph;
  chosen: readonly string[];
  chosenEdges: readonly string[];
  problems: ReadonlyMap<string, readonly WorkflowProblem[]>;
  disabled: boolean;
  dispatch: (action: Action) => void;
  onAdd?: (kind: string, at: Point) => void;
  /** A run that is shown in it. */
  marks?: Marks | undefined;
  /** Where one looks at it first; the whole of it where that is not said. */
  viewport?: Viewport | undefined;
}

/** From so many nodes on only those in view are drawn. */
const MANY_NODES = 150;

/** How an edge stands in a run: taken, taken to where the work is now, or not. */
function wayOf(marks: Marks | undefined, id: string, to: string): string {
  if (!marks) return '';
  if (!marks.taken.has(id)) return 'off';
  const status = marks.nodes.get(to)?.status;
  return status === 'running' || status === 'waiting' || status === 'retrying' ? 'live' : 'took';
}

function sameData(one: CardNode['data'], other: CardNode['data']): boolean {
  return (
    one.node === other.node &&
    one.errors === other.errors &&
    one.warnings === other.warnings &&
    one.across === other.across &&
    one.aside === other.aside &&
    one.mark?.status === other.mark?.status &&
    one.mark?.visits === other.mark?.visits &&
    one.connected.join() === other.connected.join()
  );
}

export function Canvas({
  graph,
  chosen,
  chosenEdges,
  problems,
  disabled,
  dispatch,
  onAdd,
  marks,
  viewport,
}: Props) {
  const flow = useReactFlow();
  const across = useMemo(() => goesAcross(graph), [graph]);
  // What did not change keeps its object, so that of a thousand nodes only those are drawn anew that the run touched.
  const before = useRef(new Map<string, CardNode['data']>());
  const wanted = useMemo((): CardNode[] => {
    const ports = new Map<string, string[]>();
    for (const { from, port } of graph.edges) ports.set(from, [...(ports.get(from) ?? []), port]);
    const selected = new Set(chosen);
    const now = new Map<string, CardNode['data']>();
    const cards = graph.nodes.map((node): CardNode => {
      const own = problems.get(node.id) ?? [];
      const errors = errorsIn(own);
      const mark = marks?.nodes.get(node.id);
      const label = [
        titleOf(node),
        kindInfo(node.kind).name,
        mark ? nodeStatusName(mark.status) : '',
        own.length > 0 ? t('{{count}} problems', { count: own.length }) : '',
      ];
      const fresh: CardNode['data'] = {
        node,
        errors,
        warnings: own.length - errors,
        connected: ports.get(node.id) ?? [],
        across,
        mark,
        aside: marks !== undefined && !mark,
      };
      const old = before.current.get(node.id);
      const data = old && sameData(old, fresh) ? old : fresh;
      now.set(node.id, data);
      return {
        id: node.id,
        type: 'card',
        position: { x: node.layout?.x ?? 0, y: node.layout?.y ?? 0 },
        selected: selected.has(node.id),
        ariaLabel: label.filter(Boolean).join(', '),
        data,
      };
    });
    before.current = now;
    return cards;
  }, [graph.nodes, graph.edges, chosen, problems, across, marks]);
  // While a node is dragged only the drawing moves; the graph learns of it when it is let go.
  const [drawn, setDrawn] = useState<CardNode[]>(wanted);
  useEffect(() => {
    setDrawn((last) => {
      const sizes = new Map(last.map((node) => [node.id, node.measured]));
      return wanted.map((node) => {
        const measured = sizes.get(node.id);
        return measured ? { ...node, measured } : node;
      });
    });
  }, [wanted]);
  const edges = useMemo(() => {
    const beside = across ? 'y' : 'x';
    const nodes = new Map(graph.nodes.map((node) => [node.id, node]));
    return graph.edges.map((edge): WayEdge => {
      const [from, to] = [nodes.get(edge.from), nodes.get(edge.to)];
      const way = wayOf(marks, edge.id, edge.to);
      const ports = from ? portsOf(from) : [];
      const label = ports.length > 1 || edge.port !== 'out' ? portName(edge.port) : '';
      const tone = toneOf(edge.port);
      return {
        id: edge.id,
        source: edge.from,
        sourceHandle: edge.port,
        target: edge.to,
        type: 'way',
        selected: chosenEdges.includes(edge.id),
        data: {
          label,
          condition: edge.condition,
          tone,
          side: Math.min(from?.layout?.[beside] ?? 0, to?.layout?.[beside] ?? 0) - 40,
          across,
          way,
        },
        ariaLabel: t('Edge from {{from}} to {{to}}', {
          from: from ? titleOf(from) : edge.from,
          to: to ? titleOf(to) : edge.to,
        }),
        markerEnd: {
          type: MarkerType.ArrowClosed,
          width: 16,
          height: 16,
          color:
            way === 'live'
              ? 'var(--accent)'
              : way === 'took'
                ? 'var(--ok)'
                : tone === 'err'
                  ? 'var(--err)'
                  : 'var(--border-strong)',
        },
      };
    });
  }, [graph.nodes, graph.edges, chosenEdges, across, marks]);
  // Ports that move to other sides of their nodes are measured anew.
  const measure = useUpdateNodeInternals();
  const sides = useRef(across);
  useEffect(() => {
    if (sides.current === across) return;
    sides.current = across;
    measure(graph.nodes.map(({ id }) => id));
  }, [measure, graph.nodes, across]);

  return (
    <ReactFlow<CardNode, WayEdge>
      nodes={drawn}
      edges={edges}
      nodeTypes={nodeTypes}
      edgeTypes={edgeTypes}
      onNodesChange={(changes) => {
        setDrawn((last) =>
          applyNodeChanges(
            changes.filter(({ type }) => type === 'position' || type === 'dimensions'),
            last,
          ),
        );
        const places = new Map<string, Point>();
        const [on, off]: [string[], string[]] = [[], []];
        for (const change of changes) {
          if (change.type === 'position' && change.dragging === false && change.position) {
            places.set(change.id, change.position);
          } else if (change.type === 'select') (change.selected ? on : off).push(change.id);
        }
        const moved = [...places].filter(([id, { x, y }]) => {
          const at = nodeOf(graph, id)?.layout;
          return at?.x !== Math.round(x) || at.y !== Math.round(y);
        });
        if (moved.length > 0 && !disabled) {
          dispatch({ type: 'move', places: new Map(moved), tag: `move/${moved.map(([id]) => id).join()}` });
        }
        if (on.length + off.length > 0) dispatch({ type: 'pick', what: 'nodes', on, off });
      }}
      onEdgesChange={(changes) => {
        const [on, off]: [string[], string[]] = [[], []];
        for (const change of changes) {
          if (change.type === 'select') (change.selected ? on : off).push(change.id);
        }
        if (on.length + off.length > 0) dispatch({ type: 'pick', what: 'edges', on, off });
      }}
      onConnect={({ source, sourceHandle, target }) =>
        dispatch({ type: 'connect', from: source, port: sourceHandle ?? 'out', to: target })
      }
      isValidConnection={({ source, sourceHandle, target }) =>
        mayConnect(graph, source, sourceHandle ?? 'out', target)
      }
      nodesDraggable={!disabled}
      nodesConnectable={!disabled}
      deleteKeyCode={null}
      minZoom={0.15}
      maxZoom={2}
      fitView={viewport === undefined}
      {...(viewport && { defaultViewport: viewport })}
      fitViewOptions={FIT}
      proOptions={{ hideAttribution: true }}
      elevateNodesOnSelect
      onlyRenderVisibleElements={graph.nodes.length > MANY_NODES}
      ariaLabelConfig={{
        'node.a11yDescription.default': t(
          'Enter or Space chooses the node, arrow keys move it, Delete removes it, Escape leaves it.',
        ),
        'node.a11yDescription.keyboardDisabled': t('Enter or Space chooses the node.'),
        'node.a11yDescription.ariaLiveMessage': ({ direction, x, y }) =>
          t('The node was moved {{direction}}, to {{x}}, {{y}}.', { direction, x, y }),
        'edge.a11yDescription.default': t('Enter or Space chooses the edge, Delete removes it.'),
        'minimap.ariaLabel': t('Overview'),
        'handle.ariaLabel': t('Port'),
      }}
      onDragOver={(event) => {
        if (disabled || !event.dataTransfer.types.includes(KIND_MIME)) return;
        event.preventDefault();
        event.dataTransfer.dropEffect = 'copy';
      }}
      onDrop={(event) => {
        const kind = event.dataTransfer.getData(KIND_MIME);
        if (!kind || disabled || !onAdd) return;
        event.preventDefault();
        const at = flow.screenToFlowPosition({ x: event.clientX, y: event.clientY });
        onAdd(kind, { x: at.x - 100, y: at.y - 24 });
      }}
    >
      <Background gap={22} size={2} color="var(--border)" />
      <MiniMap pannable zoomable className="wf-map" nodeColor={(node) => kindInfo(kindOf(node)).color} />
    </ReactFlow>
  );
}

function kindOf(node: Node): string {
  return (node as CardNode).data.node.kind;
}
