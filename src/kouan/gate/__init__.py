"""The one-stop gate (智能卡口): one vehicle, one stop, ten procedures, a decision with reasons."""
