import auth from './auth.json'
import common from './common.json'
import devices from './devices.json'
import history from './history.json'
import settings from './settings.json'
import talk from './talk.json'
import welcome from './welcome.json'

/** Every word of the interface in English: the catalogue that the others are measured by. */
export default { auth, common, devices, history, settings, talk, welcome }
