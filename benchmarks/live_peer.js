// The strongest peer of `bench live`: the same update to each user at each beat by Node's socket.io, without
// authentication, data or changes to look for.
//   PORT=1234 TICK=5 BYTES=4300 node live_peer.js       (needs socket.io 4, found by NODE_PATH)
// A client's token is its user's number. BYTES: how long the frame of an update is, filled up or cut to it.
const { Server } = require('socket.io');

const TICK = Number(process.env.TICK || 5) * 1000;
const BYTES = Number(process.env.BYTES || 4300);
const TIME = '2026-11-23T08:00:00.000Z';

function item(user, number) {
  return { id: String(number), user_id: String(user), churn_score: 0.731, risk_level: 'high', timestamp: TIME,
    file_name: 'telco.csv', status: 'completed', customer_id: '7590-VHVEG' };
}

function payload(user, tick) {
  return {
    user_id: user, timestamp: new Date().toISOString(),
    metrics: { total_predictions: 7043 + tick, avg_churn_score: 0.4123, high_risk_predictions: 1204,
      medium_risk_predictions: 1818, low_risk_predictions: 4021, engagement_score: 63.2, retention_rate: 73.5,
      active_users_today: 120, new_predictions_today: 130 + tick },
    recent_activity: Array.from({ length: items }, (_, i) => item(user, 1000 + i + tick)),
    trends: { churn_trend: 'increasing', engagement_trend: 'stable', retention_trend: 'decreasing' },
    alerts: [], filling,
  };
}

const frame = () => 2 + JSON.stringify(['dashboard_update', payload(1000, 1)]).length;
let items = 20, filling = '';
while (items && frame() > BYTES) items--;
filling = 'x'.repeat(Math.max(0, BYTES - frame()));

const io = new Server(Number(process.env.PORT), { transports: ['websocket'], perMessageDeflate: false });
const users = new Map();
io.on('connection', (socket) => {
  const user = Number(socket.handshake.auth.token);
  socket.join(`user:${user}`);
  users.set(user, (users.get(user) || 0) + 1);
  socket.emit('dashboard_update', payload(user, 0));
  socket.on('disconnect', () => { if (users.get(user) > 1) users.set(user, users.get(user) - 1); else users.delete(user); });
});
let tick = 0;
setInterval(() => {
  tick++;
  for (const user of users.keys()) io.to(`user:${user}`).emit('dashboard_update', payload(user, tick));
}, TICK);
