// Follow a board with the official client: CHURNBOARD_TOKEN=... node follow_board.mjs
import { io } from 'socket.io-client';

const { CHURNBOARD_URL = 'http://127.0.0.1:8080', CHURNBOARD_TOKEN: token } = process.env;

const socket = io(CHURNBOARD_URL, { auth: { token, updates: 'changes' } });
let board = null;
let last = null;

function show({ epoch, seq }) {
  last = [epoch, seq];
  const { high_risk_predictions: high, total_predictions: total } = board.metrics;
  console.log(`${high} of ${total} are high risk`);
}

socket.on('connected', async ({ status, message }) => {
  console.log(status, message);
  if (status !== 'success') return; // the server disconnects, and the client does not try again
  const action = { action: 'date_range', data: { range: '30d' } };
  console.log(await socket.emitWithAck('user_action', action)); // a new connection starts without
});

socket.on('dashboard_update', (update) => {
  board = update;
  show(update);
});

socket.on('dashboard_changes', (changes) => {
  if (!board || changes.epoch !== last[0] || changes.seq !== last[1] + 1) {
    socket.emit('request_dashboard_data', {}); // something is missing: ask for the whole
    return;
  }
  const { metrics, trends } = board;
  Object.assign(board, changes, {
    metrics: { ...metrics, ...changes.metrics },
    trends: { ...trends, ...changes.trends },
  });
  show(changes);
});

socket.on('new_prediction', ({ customer_id, churn_score }) => console.log('new:', customer_id, churn_score));
socket.on('system_alert', ({ message }) => console.log('alert:', message));
socket.on('error', ({ code, message }) => console.error('error:', code, message));
socket.on('connect_error', (error) => console.error('no connection:', error.message));
socket.on('disconnect', (reason) => console.log('disconnected:', reason));
