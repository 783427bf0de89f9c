from ._dcgan import DCGANCritic as DCGANCritic, DCGANGenerator as DCGANGenerator
from ._face import Images as Images, Networks as Networks, Part as Part
from ._mlp import MLPCritic as MLPCritic, MLPGenerator as MLPGenerator
from ._own import OneByOne as OneByOne, check_own as check_own, own_networks as own_networks, repeatable as repeatable
from ._plain import Residual as Residual, plain as plain
from ._resnet import ResNetCritic as ResNetCritic, ResNetGenerator as ResNetGenerator
